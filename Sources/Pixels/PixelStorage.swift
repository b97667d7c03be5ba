/// The shared, pooled memory behind a `Plane` or a `Ramp`.
///
/// `@unchecked Sendable`: its memory is written only by an owner that holds the one reference to it
/// (checked by `isKnownUniquelyReferenced`), so readers on other threads never meet a writer.
@usableFromInline
final class PixelStorage<Element: PixelScalar>: @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Element>
  @usableFromInline let count: Int

  /// Memory for `count` elements, not yet initialised.
  @usableFromInline
  init(uninitialized count: Int) {
    precondition(count >= 0, "a pixel count cannot be negative: \(count)")
    self.count = count
    base = PixelMemory.take(count * MemoryLayout<Element>.stride).bindMemory(
      to: Element.self, capacity: count)
  }

  /// A copy of another storage.
  @usableFromInline
  convenience init(copying other: PixelStorage) {
    self.init(uninitialized: other.count)
    base.update(from: other.base, count: count)
  }

  /// Writes something to each page of memory that is not initialised yet.
  func touch() {
    let page = 4096 / MemoryLayout<Element>.stride
    let target = FilledPixels(base: base)
    forEachPixelBand(count: (count + page - 1) / page, length: 1 << 9) { pages in
      for index in pages { (target.base + index * page).initialize(to: .zero) }
    }
  }

  deinit { PixelMemory.giveBack(base, count * MemoryLayout<Element>.stride) }

  @inlinable var buffer: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: base, count: count) }
  @inlinable var mutableBuffer: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }
}
