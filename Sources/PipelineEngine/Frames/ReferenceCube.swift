import FITSIO
import FITSStructure
import Metadata
import Pixels
import Synchronization

/// A reference of several numbers for each pixel, e.g. the coefficients of a polynomial, cut to the window of a ramp and
/// read by rows.
///
/// The numbers of a pixel lie in planes (axes x, y, number) or beside each other (number, x, y), as files of both
/// generations have it; they are told apart by the shortest axis.
///
/// `@unchecked Sendable` is safe: all is constant but the open file, which is used under `lock` only.
public final class ReferenceCube: @unchecked Sendable {
  /// Bare file name.
  public let name: String
  /// What the headers say.
  public let metadata: FrameMetadata
  /// Numbers of each pixel.
  public let count: Int
  private let layout: CubeLayout
  /// The ramp's window in the file's own pixels.
  private let window: PixelWindow
  private let lock = Mutex(())
  private let file: FITSFile

  /// - Throws: `EngineError` `cube-axes`, `reference-window` with both windows; `FITSError`.
  package init(path: String, ramp: RampExposure) throws {
    name = fileName(of: path)
    let file = try FITSFile(reading: path)
    var cards: [[Card]] = []
    for hdu in 0..<(try file.hduCount()) { cards.append(try file.cards(of: hdu)) }
    metadata = FrameMetadata(primary: cards[0], extensions: Array(cards.dropFirst()))
    layout = try CubeLayout(file, name: name)
    count = layout.count
    let extent = try FrameOpener.window(
      of: metadata, width: layout.width, height: layout.height, path: path)
    window = try ReferenceCut(whole: extent, name: name).window(of: ramp)
    self.file = consume file
  }

  /// The planes of a part of the ramp's window, and the flags of the file where it has some. May be called by several
  /// threads.
  public func part(_ part: PixelWindow) throws -> (planes: [Plane<Float>], quality: Plane<UInt32>?) {
    let own = window.place(of: part)
    let cut = PixelWindow(x0: own.x0, y0: 0, width: own.width, height: own.height)
    let planes: [Plane<Float>] = try lock.withLock { _ in try self.planes(own.rows) }
    let quality: Plane<UInt32>? = try lock.withLock { _ in try flags(own.rows) }
    return (planes.map { $0.cropped(to: cut) }, quality?.cropped(to: cut))
  }

  private func planes(_ rows: Range<Int>) throws -> [Plane<Float>] {
    let (width, height) = (layout.width, layout.height)
    guard layout.isInterleaved else {
      return try (0..<count).map { n in
        try Plane<Float>(uninitializedWidth: width, height: rows.count) { buffer in
          try file.readPixels(
            of: layout.hdu, into: buffer, startingAt: (n * height + rows.lowerBound) * width)
        }
      }
    }
    let together = try Plane<Float>(uninitializedWidth: width * count, height: rows.count) { buffer in
      try file.readPixels(of: layout.hdu, into: buffer, startingAt: rows.lowerBound * width * count)
    }
    return together.withUnsafeBuffer { all in
      (0..<count).map { n in
        Plane<Float>(uninitializedWidth: width, height: rows.count) { out in
          for i in out.indices { out[i] = all[i * count + n] }
        }
      }
    }
  }

  private func flags(_ rows: Range<Int>) throws -> Plane<UInt32>? {
    guard let hdu = layout.quality else { return nil }
    return try Plane<UInt32>(uninitializedWidth: layout.width, height: rows.count) { buffer in
      try file.readPixels(of: hdu, into: buffer, startingAt: rows.lowerBound * layout.width)
    }
  }
}

/// Which HDU holds a cube, and in which order its axes are.
private struct CubeLayout {
  let hdu: Int
  let quality: Int?
  let count: Int
  let width: Int
  let height: Int
  let isInterleaved: Bool

  init(_ file: borrowing FITSFile, name: String) throws {
    var found: Int?
    for extname in ["COEFFS", "SCI", "DATA"] where found == nil {
      found = try file.index(ofExtension: extname)
    }
    hdu = found ?? 0
    let axes = try file.image(of: hdu).axes
    guard axes.count == 3, let least = axes.min(), least < axes[1] else {
      throw EngineError(
        "cube-axes",
        "its axes are \(axes.map(String.init).joined(separator: " x ")); it needs x, y and the numbers of each "
          + "pixel, which are fewer than columns and rows", subject: name,
        hint: "axes (x, y, number) or (number, x, y)")
    }
    isInterleaved = axes[0] < axes[2]
    count = isInterleaved ? axes[0] : axes[2]
    (width, height) = isInterleaved ? (axes[1], axes[2]) : (axes[0], axes[1])
    quality = try file.index(ofExtension: "DQ")
    guard let quality else { return }
    let own = try file.image(of: quality).axes
    guard own == [width, height] else {
      throw EngineError(
        "wrong-dimensions",
        "DQ is \(own.map(String.init).joined(separator: " x ")) and the coefficients \(width) x \(height)",
        subject: name)
    }
  }
}
