import Glibc
import Synchronization

/// Aligned blocks of memory, reused: a fresh 64 MiB buffer costs as much in page faults as a calibration
/// pass.
///
/// Blocks of 1 MiB and more are 2 MiB aligned, ask for huge pages, and come back to a free list when their
/// plane dies. The free list keeps at most `retainedByteLimit` bytes; what exceeds it goes back to the
/// system. Within their block big buffers start at differing multiples of 64 bytes: a kernel reads tens of
/// planes at the same pixel, and were they all equally aligned they would fight for the same few sets of the
/// caches.
public enum PixelMemory {
  /// The most bytes kept for reuse (not counting what planes hold).
  public static let retainedByteLimit = 512 << 20

  /// Bytes that wait for reuse now.
  public static var retainedBytes: Int { freeList.withLock { $0.bytes } }

  /// Memory for at least `byteCount` bytes, 64-byte aligned, its content undefined.
  static func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let capacity = capacity(for: byteCount)
    guard byteCount >= bigBlock else { return allocate(capacity, alignment: 64) }
    let (block, color) = freeList.withLock { ($0.take(capacity), $0.nextColor()) }
    let base = block?.base ?? allocate(capacity, alignment: hugePage)
    if block == nil { madvise(base, capacity, MADV_HUGEPAGE) }
    return base + color * colorStep
  }

  /// Returns memory that `take` gave for the same `byteCount`.
  static func giveBack(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
    guard byteCount >= bigBlock else { return free(base) }
    let block = Block(base: base - Int(bitPattern: base) % hugePage)
    let kept = freeList.withLock { $0.keep(block, capacity(for: byteCount), limit: retainedByteLimit) }
    if !kept { free(block.base) }
  }

  private static func allocate(_ byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer {
    var base: UnsafeMutableRawPointer?
    guard posix_memalign(&base, alignment, byteCount) == 0, let base else {
      preconditionFailure("no memory for \(byteCount) bytes of pixels")
    }
    return base
  }

  private static let hugePage = 2 << 20
  private static let bigBlock = 1 << 20
  private static let colors = 32
  private static let colorStep = 9 * 64
  private static let freeList = Mutex(FreeList())

  private static func capacity(for byteCount: Int) -> Int {
    let unit = byteCount >= bigBlock ? hugePage : 64
    let room = byteCount >= bigBlock ? byteCount + colors * colorStep : byteCount
    return max((room + unit - 1) / unit, 1) * unit
  }

  /// A block nobody uses. Sendable: it has exactly one owner, the free list or whoever took it out.
  private struct Block: @unchecked Sendable { let base: UnsafeMutableRawPointer }

  private struct FreeList: Sendable {
    var blocks: [Int: [Block]] = [:]
    var bytes = 0
    var color = 0

    mutating func nextColor() -> Int {
      color = (color + 1) % PixelMemory.colors
      return color
    }

    mutating func take(_ capacity: Int) -> Block? {
      guard let block = blocks[capacity]?.popLast() else { return nil }
      bytes -= capacity
      return block
    }

    mutating func keep(_ block: Block, _ capacity: Int, limit: Int) -> Bool {
      guard bytes + capacity <= limit else { return false }
      blocks[capacity, default: []].append(block)
      bytes += capacity
      return true
    }
  }
}
