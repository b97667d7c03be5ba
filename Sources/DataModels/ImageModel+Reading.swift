import FITSIO
import FITSStructure
import Metadata
import Pixels

extension ImageModel {
  /// Reads a frame: `SCI` (or `DATA`, or an image in the primary HDU), with `ERR`, `DQ`, `SUBARR_MAP`,
  /// `VAR_POISSON`, `VAR_RNOISE` and `VAR_FLAT` where the file has them, and the planes called `extras`.
  ///
  /// `DQ` of any integer width is read (signed 32-bit flags keep their bits). Axes of length 1 beyond the
  /// second are ignored. Other extensions are ignored.
  ///
  /// - Throws: `no-image`, `not-two-dimensional`, `shape-mismatch`, `bad-quality-type`, each naming file and
  ///   HDU, or the error of the FITS layer.
  public init(reading path: String, extras: [String] = []) throws(ModelError) {
    self = try ModelError.wrapping(path) {
      let file = try FITSFile(reading: path)
      let reader = PlaneReader(path: path)
      guard let sci = try reader.scienceHDU(file) else {
        throw ModelError(
          code: "no-image", message: "the file has no image in SCI, DATA or its primary HDU", subject: path)
      }
      let model = try Self.read(file, reader, sci: sci, extras: extras)
      try file.close()
      return model
    }
  }

  private static func read(
    _ file: borrowing FITSFile, _ reader: PlaneReader, sci: Int, extras: [String]
  ) throws -> ImageModel {
    let science: Plane<Float> = try reader.plane(file, sci, like: nil)
    let shape = (science.width, science.height)
    let cards = try file.imageCards(of: sci)
    var scienceHeader = sci == 0 ? Header() : Header(withoutStructure: cards)
    let unit = cards.first { $0.keyword == "BUNIT" }?.string
    scienceHeader.remove("BUNIT")
    var model = ImageModel(
      header: Header(withoutStructure: try file.imageCards(of: 0)), science: science, unit: unit ?? "adu",
      scienceHeader: scienceHeader)
    model.hasDeclaredUnit = unit != nil
    model.error = try reader.optional(file, "ERR", like: shape)
    model.quality = try reader.flags(file, "DQ", like: shape)
    model.subarrayMap = try reader.optional(file, "SUBARR_MAP", like: shape)
    model.variancePoisson = try reader.optional(file, "VAR_POISSON", like: shape)
    model.varianceReadNoise = try reader.optional(file, "VAR_RNOISE", like: shape)
    model.varianceFlat = try reader.optional(file, "VAR_FLAT", like: shape)
    for name in extras {
      guard let index = try file.index(ofExtension: name, version: nil) else { continue }
      let plane: Plane<Float> = try reader.plane(file, index, like: shape)
      let unit = try file.cards(of: index).first { $0.keyword == "BUNIT" }?.string
      model.extraPlanes.append(ExtraPlane(name: name, unit: unit ?? "", plane: plane))
    }
    return model
  }
}
