/// A number that a pixel can hold: the sample types of FITS images.
///
/// Conforming types are `Float Double UInt8 Int8 UInt16 Int16 UInt32 Int32 Int64`.
public protocol PixelScalar: BitwiseCopyable, Sendable, Comparable, Numeric {
  /// The nearest `Float`; integers beyond 2^24 are rounded.
  var asFloat: Float { get }
}

extension Float: PixelScalar {
  /// The value itself.
  @inlinable public var asFloat: Float { self }
}
extension Double: PixelScalar {
  /// The value rounded to single precision.
  @inlinable public var asFloat: Float { Float(self) }
}
extension UInt8: PixelScalar {
  /// The value, exactly.
  @inlinable public var asFloat: Float { Float(self) }
}
extension Int8: PixelScalar {
  /// The value, exactly.
  @inlinable public var asFloat: Float { Float(self) }
}
extension UInt16: PixelScalar {
  /// The value, exactly.
  @inlinable public var asFloat: Float { Float(self) }
}
extension Int16: PixelScalar {
  /// The value, exactly.
  @inlinable public var asFloat: Float { Float(self) }
}
extension UInt32: PixelScalar {
  /// The nearest `Float`.
  @inlinable public var asFloat: Float { Float(self) }
}
extension Int32: PixelScalar {
  /// The nearest `Float`.
  @inlinable public var asFloat: Float { Float(self) }
}
extension Int64: PixelScalar {
  /// The nearest `Float`.
  @inlinable public var asFloat: Float { Float(self) }
}
