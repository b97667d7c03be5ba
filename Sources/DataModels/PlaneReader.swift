import FITSIO
import FITSStructure
import Pixels

/// Reads planes out of one FITS file straight into their own memory.
struct PlaneReader {
  let path: String

  /// The HDU with the frame: `SCI`, `DATA`, else the primary HDU when it has pixels.
  func scienceHDU(_ file: borrowing FITSFile) throws -> Int? {
    for name in ["SCI", "DATA"] {
      if let index = try file.index(ofExtension: name, version: nil) { return index }
    }
    return try file.image(of: 0).axes.isEmpty ? nil : 0
  }

  /// The plane of HDU `index`, which must have the shape `like` when that is given.
  func plane<T: FITSPixel & PixelScalar>(
    _ file: borrowing FITSFile, _ index: Int, like: (Int, Int)?
  ) throws -> Plane<T> {
    let (width, height) = try shape(file, index, like: like)
    return try Plane(uninitializedWidth: width, height: height) {
      try file.readPixels(of: index, into: $0, startingAt: 0)
    }
  }

  /// The plane called `name`; nil when the file has none.
  func optional<T: FITSPixel & PixelScalar>(
    _ file: borrowing FITSFile, _ name: String, like: (Int, Int)
  ) throws -> Plane<T>? {
    guard let index = try file.index(ofExtension: name, version: nil) else { return nil }
    return try plane(file, index, like: like)
  }

  /// Flags of any integer width from the HDU called `name`; nil when the file has none.
  func flags(_ file: borrowing FITSFile, _ name: String, like: (Int, Int)?) throws -> Plane<UInt32>? {
    guard let index = try file.index(ofExtension: name, version: nil) else { return nil }
    return try flags(file, index, like: like)
  }

  /// Flags of any integer width from HDU `index`: negative numbers of a signed type are bit patterns.
  func flags(_ file: borrowing FITSFile, _ index: Int, like: (Int, Int)?) throws -> Plane<UInt32> {
    let image = try file.image(of: index)
    guard image.bitpix > 0 else {
      throw ModelError(
        code: "bad-quality-type", message: "flags are stored as floating-point numbers",
        subject: "\(path)[\(index)]", hint: "DQ must be an integer image")
    }
    if image.scaled { return try plane(file, index, like: like) }
    switch image.bitpix {
    case 8:
      let bytes: Plane<UInt8> = try plane(file, index, like: like)
      return bytes.map { UInt32($0) }
    case 16:
      let words: Plane<Int16> = try plane(file, index, like: like)
      return words.map { UInt32(UInt16(bitPattern: $0)) }
    case 32:
      let words: Plane<Int32> = try plane(file, index, like: like)
      return words.map { UInt32(bitPattern: $0) }
    default:
      let words: Plane<Int64> = try plane(file, index, like: like)
      return words.map { UInt32(truncatingIfNeeded: $0) }
    }
  }

  private func shape(_ file: borrowing FITSFile, _ index: Int, like: (Int, Int)?) throws -> (Int, Int) {
    let axes = try file.image(of: index).axes
    guard axes.count >= 2, axes.dropFirst(2).allSatisfy({ $0 == 1 }) else {
      throw ModelError(
        code: "not-two-dimensional", message: "the image has axes \(axes) where two were expected",
        subject: "\(path)[\(index)]")
    }
    if let like, like != (axes[0], axes[1]) {
      throw ModelError(
        code: "shape-mismatch",
        message: "the image is \(axes[0]) x \(axes[1]) where the frame is \(like.0) x \(like.1)",
        subject: "\(path)[\(index)]")
    }
    return (axes[0], axes[1])
  }
}
