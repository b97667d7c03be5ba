import FITSIO
import FITSStructure
import Pixels

extension ImageModel {
  /// Writes the frame atomically: primary header, `SCI`, then what the model has of `ERR`, `DQ`,
  /// `SUBARR_MAP`, `VAR_POISSON`, `VAR_RNOISE`, `VAR_FLAT` and extra planes, then `PROVENANCE`.
  ///
  /// `FILENAME` is set to the file's own name. Pixels go from the planes to the file without a copy of the
  /// plane.
  ///
  /// - Parameters:
  ///   - path: the final name; the file appears there complete or not at all.
  ///   - provenance: rows of the `PROVENANCE` table; nil writes none.
  ///   - replacing: whether a file of that name may be replaced; else its existence is an error.
  ///   - onBytes: sees the file's bytes in order (for its sha256).
  /// - Throws: `shape-mismatch` when the planes differ in shape, or the error of the FITS layer.
  @discardableResult
  public func write(
    to path: String, provenance: ProvenanceTable? = nil, replacing: Bool = false,
    observing onBytes: ((UnsafeRawBufferPointer) -> Void)? = nil
  ) throws(ModelError) -> WrittenFile {
    try ModelError.wrapping(path) {
      try checkShapes(path)
      var writer = try FITSWriter(path: path, observing: onBytes)
      var primary = header
      primary.set("FILENAME", .string(Self.baseName(path)), comment: "Name of the file")
      try writer.appendPrimary(primary)
      try appendPlanes(&writer)
      if let provenance { try provenance.append(to: &writer) }
      return try writer.commit(replacing: replacing)
    }
  }

  private func appendPlanes(_ writer: inout FITSWriter) throws {
    let unit = pixelUnit.fits
    let squared = pixelUnit.squared
    try Self.append(science, "SCI", unit, scienceHeader, to: &writer)
    if let error { try Self.append(error, "ERR", unit, to: &writer) }
    if let quality { try Self.append(quality, "DQ", "", to: &writer) }
    if let subarrayMap { try Self.append(subarrayMap, "SUBARR_MAP", "", to: &writer) }
    if let variancePoisson { try Self.append(variancePoisson, "VAR_POISSON", squared, to: &writer) }
    if let varianceReadNoise { try Self.append(varianceReadNoise, "VAR_RNOISE", squared, to: &writer) }
    if let varianceFlat { try Self.append(varianceFlat, "VAR_FLAT", squared, to: &writer) }
    for extra in extraPlanes { try Self.append(extra.plane, extra.name, extra.unit, to: &writer) }
  }

  /// Appends one plane as the image extension `name` with its `BUNIT`.
  static func append<T: FITSPixel & PixelScalar>(
    _ plane: Plane<T>, _ name: String, _ unit: String, _ cards: Header = Header(), to writer: inout FITSWriter
  ) throws {
    var header = cards
    header.set("BUNIT", .string(unit), comment: unit.isEmpty ? "No unit" : "Unit of the pixels")
    try plane.withUnsafeBuffer {
      try writer.appendImage(header, name: name, axes: [plane.width, plane.height], pixels: $0)
    }
  }

  /// The last component of a path.
  static func baseName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  private func checkShapes(_ path: String) throws(ModelError) {
    var shapes: [(name: String, width: Int, height: Int)] = []
    if let error { shapes.append(("ERR", error.width, error.height)) }
    if let quality { shapes.append(("DQ", quality.width, quality.height)) }
    if let subarrayMap { shapes.append(("SUBARR_MAP", subarrayMap.width, subarrayMap.height)) }
    for plane in [variancePoisson, varianceReadNoise, varianceFlat] + extraPlanes.map(\.plane) {
      if let plane { shapes.append(("a further plane", plane.width, plane.height)) }
    }
    for shape in shapes where (shape.width, shape.height) != (science.width, science.height) {
      throw ModelError(
        code: "shape-mismatch",
        message: "\(shape.name) is \(shape.width) x \(shape.height) where the frame is "
          + "\(science.width) x \(science.height)", subject: path)
    }
  }
}
