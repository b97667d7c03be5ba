import Glibc

/// A two-dimensional image of one sample type: row-major, x fastest, `height` rows of `width` pixels.
///
/// A value type over copy-on-write storage from a pool of reused buffers (`PixelMemory`). Kernels take its
/// buffer once (`withUnsafeBuffer`); the subscript is for single pixels.
public struct Plane<Element: PixelScalar>: Sendable, Equatable {
  /// Pixels in a row (NAXIS1).
  public let width: Int
  /// Rows (NAXIS2).
  public let height: Int
  @usableFromInline var storage: PixelStorage<Element>

  /// The number of pixels.
  @inlinable public var count: Int { width * height }

  /// A plane of one value.
  @inlinable
  public init(width: Int, height: Int, repeating value: Element) {
    self.init(uninitializedWidth: width, height: height) { $0.initialize(repeating: value) }
  }

  /// A plane of the given pixels, row by row from y = 0.
  ///
  /// - Precondition: `elements.count == width * height`.
  public init(width: Int, height: Int, elements: [Element]) {
    precondition(elements.count == width * height, "\(elements.count) pixels for \(width) x \(height)")
    self.init(uninitializedWidth: width, height: height) { _ = $0.initialize(from: elements) }
  }

  /// A plane whose pixels `body` writes, every one of them.
  ///
  /// - Precondition: `width` and `height` are not negative.
  @inlinable
  public init(
    uninitializedWidth width: Int, height: Int, _ body: (UnsafeMutableBufferPointer<Element>) throws -> Void
  ) rethrows {
    precondition(width >= 0 && height >= 0, "a plane of \(width) x \(height)")
    self.width = width
    self.height = height
    storage = PixelStorage(uninitialized: width * height)
    try body(storage.mutableBuffer)
  }

  /// A plane over storage that is already full.
  init(width: Int, height: Int, storage: PixelStorage<Element>) {
    precondition(storage.count == width * height)
    self.width = width
    self.height = height
    self.storage = storage
  }

  /// One pixel; x and y count from 0.
  @inlinable
  public subscript(x: Int, y: Int) -> Element {
    get {
      precondition(x >= 0 && x < width && y >= 0 && y < height, "pixel outside the plane")
      return storage.base[y * width + x]
    }
    set {
      precondition(x >= 0 && x < width && y >= 0 && y < height, "pixel outside the plane")
      makeUnique()
      storage.base[y * width + x] = newValue
    }
  }

  /// Calls `body` with all pixels, row by row.
  @inlinable
  public func withUnsafeBuffer<R>(_ body: (UnsafeBufferPointer<Element>) throws -> R) rethrows -> R {
    defer { withExtendedLifetime(storage) {} }
    return try body(storage.buffer)
  }

  /// Calls `body` with all pixels for change in place.
  @inlinable
  public mutating func withUnsafeMutableBuffer<R>(
    _ body: (UnsafeMutableBufferPointer<Element>) throws -> R
  ) rethrows -> R {
    makeUnique()
    defer { withExtendedLifetime(storage) {} }
    return try body(storage.mutableBuffer)
  }

  /// The pixels as an array (a copy).
  public var elements: [Element] { withUnsafeBuffer { Array($0) } }

  /// Whether shapes and every bit of every pixel agree: a NaN equals the same NaN, and 0 differs from -0.
  public static func == (a: Plane, b: Plane) -> Bool {
    guard a.width == b.width, a.height == b.height else { return false }
    return a.storage === b.storage
      || memcmp(a.storage.base, b.storage.base, a.count * MemoryLayout<Element>.stride) == 0
  }

  @usableFromInline
  mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) { storage = PixelStorage(copying: storage) }
  }
}
