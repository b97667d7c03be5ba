import FITSIO
import FITSStructure
import Pixels

/// A reference file: a master dark, flat or bad-pixel mask with the keywords that say what it is and from
/// when.
public struct ReferenceModel: Sendable {
  /// The pixels and headers. Of a mask that has only flags, `science` is 0 everywhere.
  public var image: ImageModel

  /// Makes a reference out of an image, setting the keywords of reference files.
  ///
  /// - Parameters:
  ///   - type: `DARK`, `FLAT`, `MASK`, …: the published name, upper case.
  ///   - pedigree: how it was made, such as `INFLIGHT 2026-07-14 2026-07-14`.
  ///   - useAfter: `yyyy-mm-dd hh:mm:ss`, the first instant it is meant for.
  public init(
    image: ImageModel, type: String, pedigree: String, description: String, author: String, useAfter: String
  ) {
    self.image = image
    let cards = [
      ("REFTYPE", type, "Type of the reference file"), ("PEDIGREE", pedigree, "How it was made"),
      ("DESCRIP", description, "What it is"), ("AUTHOR", author, "Who made it"),
      ("USEAFTER", useAfter, "For exposures from this date on (UTC)"),
    ]
    for (keyword, value, comment) in cards {
      self.image.header.set(keyword, .string(value), comment: comment)
    }
    self.image.header.set("DATAMODL", .string(Self.modelName(type)), comment: "Type of the data model")
  }

  /// A bad-pixel mask whose header says already what it is: of the image only the flags are written.
  public init(mask image: ImageModel) {
    self.image = image
    self.image.header.set("REFTYPE", .string("MASK"), comment: "Type of the reference file")
  }

  /// Reads a reference file of any type.
  ///
  /// - Parameters:
  ///   - expected: the type it must have, if any; a file without `REFTYPE` is taken at its word.
  ///   - extras: further planes to read, such as `SCATTER`.
  /// - Throws: `wrong-reference-type`, or as reading an image does.
  public init(reading path: String, expecting expected: String? = nil, extras: [String] = [])
    throws(ModelError)
  {
    image =
      try Self.isFlagsOnly(path) ? Self.readFlags(path, extras) : ImageModel(reading: path, extras: extras)
    if let expected, let type, type.uppercased() != expected.uppercased() {
      throw ModelError(
        code: "wrong-reference-type", message: "the file's REFTYPE is \(type) where \(expected) is needed",
        subject: path)
    }
  }

  /// Writes the reference as an image; of a mask only its flags and further planes. See `ImageModel.write`.
  ///
  /// - Throws: as writing an image does.
  @discardableResult
  public func write(
    to path: String, provenance: ProvenanceTable? = nil, replacing: Bool = false,
    observing onBytes: ((UnsafeRawBufferPointer) -> Void)? = nil
  ) throws(ModelError) -> WrittenFile {
    guard type == "MASK", let quality = image.quality else {
      return try image.write(to: path, provenance: provenance, replacing: replacing, observing: onBytes)
    }
    return try ModelError.wrapping(path) {
      var writer = try FITSWriter(path: path, observing: onBytes)
      var primary = image.header
      primary.set("FILENAME", .string(ImageModel.baseName(path)), comment: "Name of the file")
      try writer.appendPrimary(primary)
      try ImageModel.append(quality, "DQ", "", to: &writer)
      for extra in image.extraPlanes {
        try ImageModel.append(extra.plane, extra.name, extra.unit, to: &writer)
      }
      if let provenance { try provenance.append(to: &writer) }
      return try writer.commit(replacing: replacing)
    }
  }

  /// `REFTYPE`.
  public var type: String? { image.header.string("REFTYPE") }
  /// `PEDIGREE`.
  public var pedigree: String? { image.header.string("PEDIGREE") }
  /// `DESCRIP`.
  public var descrip: String? { image.header.string("DESCRIP") }
  /// `AUTHOR`.
  public var author: String? { image.header.string("AUTHOR") }
  /// `USEAFTER`, as written.
  public var useAfter: String? { image.header.string("USEAFTER") }

  /// The data contract's model name of a reference type: `TMTDarkModel` of `DARK`.
  static func modelName(_ type: String) -> String {
    "TMT\(type.prefix(1).uppercased())\(type.dropFirst().lowercased())Model"
  }

  private static func isFlagsOnly(_ path: String) throws(ModelError) -> Bool {
    try ModelError.wrapping(path) {
      let file = try FITSFile(reading: path)
      let hasImage = try PlaneReader(path: path).scienceHDU(file) != nil
      let hasFlags = try file.index(ofExtension: "DQ", version: nil) != nil
      try file.close()
      return hasFlags && !hasImage
    }
  }

  private static func readFlags(_ path: String, _ extras: [String]) throws(ModelError) -> ImageModel {
    try ModelError.wrapping(path) {
      let file = try FITSFile(reading: path)
      let header = Header(withoutStructure: try file.imageCards(of: 0))
      let reader = PlaneReader(path: path)
      guard let quality = try reader.flags(file, "DQ", like: nil) else {
        throw ModelError(code: "no-image", message: "the file has neither an image nor DQ", subject: path)
      }
      let shape = (quality.width, quality.height)
      var further: [ImageModel.ExtraPlane] = []
      for name in extras {
        guard let plane: Plane<Float> = try reader.optional(file, name, like: shape) else { continue }
        further.append(ImageModel.ExtraPlane(name: name, unit: "", plane: plane))
      }
      try file.close()
      let zeros = Plane<Float>(width: quality.width, height: quality.height, repeating: 0)
      var model = ImageModel(header: header, science: zeros, unit: "", quality: quality)
      model.extraPlanes = further
      return model
    }
  }
}
