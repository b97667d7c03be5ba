import Glibc

/// The reads of one exposure: contiguous as (integration, read, y, x), x fastest.
///
/// A value type over the same pooled copy-on-write storage as `Plane`.
public struct Ramp<Element: PixelScalar>: Sendable, Equatable {
  /// Ramps between resets.
  public let integrations: Int
  /// Reads in each integration.
  public let reads: Int
  /// Rows.
  public let height: Int
  /// Pixels in a row.
  public let width: Int
  @usableFromInline var storage: PixelStorage<Element>

  /// All samples.
  @inlinable public var count: Int { integrations * reads * height * width }
  /// Pixels of one read.
  @inlinable public var planeCount: Int { height * width }

  /// A ramp of one value.
  @inlinable
  public init(integrations: Int, reads: Int, height: Int, width: Int, repeating value: Element) {
    self.init(uninitializedIntegrations: integrations, reads: reads, height: height, width: width) {
      $0.initialize(repeating: value)
    }
  }

  /// A ramp of the given samples in storage order.
  ///
  /// - Precondition: the array has `integrations * reads * height * width` samples.
  public init(integrations: Int, reads: Int, height: Int, width: Int, elements: [Element]) {
    precondition(elements.count == integrations * reads * height * width, "samples do not fit the ramp")
    self.init(uninitializedIntegrations: integrations, reads: reads, height: height, width: width) {
      _ = $0.initialize(from: elements)
    }
  }

  /// A ramp whose samples `body` writes, every one of them.
  @inlinable
  public init(
    uninitializedIntegrations integrations: Int, reads: Int, height: Int, width: Int,
    _ body: (UnsafeMutableBufferPointer<Element>) throws -> Void
  ) rethrows {
    precondition(integrations >= 0 && reads >= 0 && height >= 0 && width >= 0, "a ramp of negative size")
    self.integrations = integrations
    self.reads = reads
    self.height = height
    self.width = width
    storage = PixelStorage(uninitialized: integrations * reads * height * width)
    try body(storage.mutableBuffer)
  }

  /// One sample; all indices count from 0.
  @inlinable
  public subscript(integration: Int, read: Int, x: Int, y: Int) -> Element {
    get { storage.base[index(integration, read, x, y)] }
    set {
      makeUnique()
      storage.base[index(integration, read, x, y)] = newValue
    }
  }

  /// A copy of one read.
  public func plane(integration: Int, read: Int) -> Plane<Element> {
    Plane(uninitializedWidth: width, height: height) { out in
      guard planeCount > 0 else { return }
      out.baseAddress?.initialize(from: storage.base + index(integration, read, 0, 0), count: planeCount)
    }
  }

  /// Puts `plane` in the place of one read.
  ///
  /// - Precondition: the shapes agree.
  public mutating func setPlane(_ plane: Plane<Element>, integration: Int, read: Int) {
    precondition(plane.width == width && plane.height == height, "the read has another shape")
    guard planeCount > 0 else { return }
    makeUnique()
    let target = storage.base + index(integration, read, 0, 0)
    plane.withUnsafeBuffer {
      if let source = $0.baseAddress { target.update(from: source, count: planeCount) }
    }
  }

  /// Calls `body` with all samples in storage order.
  @inlinable
  public func withUnsafeBuffer<R>(_ body: (UnsafeBufferPointer<Element>) throws -> R) rethrows -> R {
    defer { withExtendedLifetime(storage) {} }
    return try body(storage.buffer)
  }

  /// Calls `body` with all samples for change in place.
  @inlinable
  public mutating func withUnsafeMutableBuffer<R>(
    _ body: (UnsafeMutableBufferPointer<Element>) throws -> R
  ) rethrows -> R {
    makeUnique()
    defer { withExtendedLifetime(storage) {} }
    return try body(storage.mutableBuffer)
  }

  /// The samples as an array (a copy).
  public var elements: [Element] { withUnsafeBuffer { Array($0) } }

  /// Whether shapes and every bit of every sample agree.
  public static func == (a: Ramp, b: Ramp) -> Bool {
    guard a.integrations == b.integrations, a.reads == b.reads, a.height == b.height, a.width == b.width
    else { return false }
    return a.storage === b.storage
      || memcmp(a.storage.base, b.storage.base, a.count * MemoryLayout<Element>.stride) == 0
  }

  @inlinable
  func index(_ integration: Int, _ read: Int, _ x: Int, _ y: Int) -> Int {
    precondition(
      integration >= 0 && integration < integrations && read >= 0 && read < reads && x >= 0 && x < width
        && y >= 0 && y < height, "sample outside the ramp")
    return ((integration * reads + read) * height + y) * width + x
  }

  @usableFromInline
  mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) { storage = PixelStorage(copying: storage) }
  }
}
