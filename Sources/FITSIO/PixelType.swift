import CCFITSIO

/// The number types of images, as stored or as delivered.
public enum PixelType: String, Sendable, Hashable, Codable {
  case uint8, int8, int16, uint16, int32, uint32, int64, uint64, float, double

  /// The `BITPIX` that stores it.
  public var bitpix: Int {
    switch self {
    case .uint8, .int8: 8
    case .int16, .uint16: 16
    case .int32, .uint32: 32
    case .int64, .uint64: 64
    case .float: -32
    case .double: -64
    }
  }

  /// The `BZERO` that stores it: half the range for the unsigned types beyond 8 bits.
  public var bzero: Double {
    switch self {
    case .int8: -128
    case .uint16: 32_768
    case .uint32: 2_147_483_648
    case .uint64: 9_223_372_036_854_775_808
    default: 0
    }
  }

  /// Bytes of one pixel.
  public var bytes: Int { abs(bitpix) / 8 }

  /// From CFITSIO's "equivalent image type".
  init?(imageType: Int32) {
    switch imageType {
    case BYTE_IMG: self = .uint8
    case SBYTE_IMG: self = .int8
    case SHORT_IMG: self = .int16
    case USHORT_IMG: self = .uint16
    case LONG_IMG: self = .int32
    case ULONG_IMG: self = .uint32
    case LONGLONG_IMG: self = .int64
    case ULONGLONG_IMG: self = .uint64
    case FLOAT_IMG: self = .float
    case DOUBLE_IMG: self = .double
    default: return nil
    }
  }

  /// CFITSIO's code of the type in memory.
  var memoryType: Int32 {
    switch self {
    case .uint8: TBYTE
    case .int8: TSBYTE
    case .int16: TSHORT
    case .uint16: TUSHORT
    case .int32: TINT
    case .uint32: TUINT
    case .int64: TLONGLONG
    case .uint64: TULONGLONG
    case .float: TFLOAT
    case .double: TDOUBLE
    }
  }
}

/// A number type that pixels are read into and written from.
public protocol FITSPixel: BitwiseCopyable, Sendable {
  /// Which one it is.
  static var pixelType: PixelType { get }
}

extension UInt8: FITSPixel { public static var pixelType: PixelType { .uint8 } }
extension Int16: FITSPixel { public static var pixelType: PixelType { .int16 } }
extension UInt16: FITSPixel { public static var pixelType: PixelType { .uint16 } }
extension Int32: FITSPixel { public static var pixelType: PixelType { .int32 } }
extension UInt32: FITSPixel { public static var pixelType: PixelType { .uint32 } }
extension Int64: FITSPixel { public static var pixelType: PixelType { .int64 } }
extension Float: FITSPixel { public static var pixelType: PixelType { .float } }
extension Double: FITSPixel { public static var pixelType: PixelType { .double } }
