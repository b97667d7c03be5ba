/// A number that a pixel can hold: the sample types of FITS images.
///
/// Conforming types are `Float Double UInt8 Int8 UInt16 Int16 UInt32 Int32 Int64`.
public protocol PixelScalar: BitwiseCopyable, Sendable, Comparable, Numeric {
  /// The nearest `Float`; integers beyond 2^24 are rounded.
  var asFloat: Float { get }
  /// The sixteen samples from `pointer` on, converted as `asFloat` does; alignment does not matter.
  static func sixteen(at pointer: UnsafePointer<Self>) -> SIMD16<Float>
}

extension Float: PixelScalar {
  /// The value itself.
  @inlinable public var asFloat: Float { self }

  /// Sixteen samples as `Float`.
  @inlinable public static func sixteen(at pointer: UnsafePointer<Float>) -> SIMD16<Float> {
    UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<Float>.self)
  }
}
extension Double: PixelScalar {
  /// The value rounded to single precision.
  @inlinable public var asFloat: Float { Float(self) }

  /// Sixteen samples as `Float`.
  @inlinable public static func sixteen(at pointer: UnsafePointer<Double>) -> SIMD16<Float> {
    SIMD16<Float>(UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<Double>.self))
  }
}
extension UInt8: PixelScalar {
  /// The value, exactly.
  @inlinable public var asFloat: Float { Float(self) }

  /// Sixteen samples as `Float`.
  @inlinable public static func sixteen(at pointer: UnsafePointer<UInt8>) -> SIMD16<Float> {
    SIMD16<Float>(UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<UInt8>.self))
  }
}
extension Int8: PixelScalar {
  /// The value, exactly.
  @inlinable public var asFloat: Float { Float(self) }

  /// Sixteen samples as `Float`.
  @inlinable public static func sixteen(at pointer: UnsafePointer<Int8>) -> SIMD16<Float> {
    SIMD16<Float>(UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<Int8>.self))
  }
}
extension UInt16: PixelScalar {
  /// The value, exactly.
  @inlinable public var asFloat: Float { Float(self) }

  /// Sixteen samples as `Float`.
  @inlinable public static func sixteen(at pointer: UnsafePointer<UInt16>) -> SIMD16<Float> {
    SIMD16<Float>(UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<UInt16>.self))
  }
}
extension Int16: PixelScalar {
  /// The value, exactly.
  @inlinable public var asFloat: Float { Float(self) }

  /// Sixteen samples as `Float`.
  @inlinable public static func sixteen(at pointer: UnsafePointer<Int16>) -> SIMD16<Float> {
    SIMD16<Float>(UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<Int16>.self))
  }
}
extension UInt32: PixelScalar {
  /// The nearest `Float`.
  @inlinable public var asFloat: Float { Float(self) }

  /// Sixteen samples as `Float`.
  @inlinable public static func sixteen(at pointer: UnsafePointer<UInt32>) -> SIMD16<Float> {
    SIMD16<Float>(UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<UInt32>.self))
  }
}
extension Int32: PixelScalar {
  /// The nearest `Float`.
  @inlinable public var asFloat: Float { Float(self) }

  /// Sixteen samples as `Float`.
  @inlinable public static func sixteen(at pointer: UnsafePointer<Int32>) -> SIMD16<Float> {
    SIMD16<Float>(UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<Int32>.self))
  }
}
extension Int64: PixelScalar {
  /// The nearest `Float`.
  @inlinable public var asFloat: Float { Float(self) }

  /// Sixteen samples as `Float`.
  @inlinable public static func sixteen(at pointer: UnsafePointer<Int64>) -> SIMD16<Float> {
    SIMD16<Float>(UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<Int64>.self))
  }
}
