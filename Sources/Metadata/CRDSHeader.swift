import FITSStructure
import Foundation

/// What the rules of the reference system may ask of a frame, under FITS keywords and under the published
/// `META.*` names. Values are text as the header has it; numbers in shortest decimal form, true and false as `T`
/// and `F`. Absent ones are left out.
///
/// What rules usually ask has one normal form, whichever generation of keywords the file was written in; every other
/// keyword stands under its own name, and as `META.` and the path that the schema gives it.
public struct CRDSHeader: Sendable, Hashable {
  public let values: [String: String]

  public init(_ frame: FrameMetadata) {
    var values: [String: String] = [:]
    for field in Self.fields {
      guard let text = field.value(frame), !text.isEmpty else { continue }
      for name in field.names { values[name] = text }
    }
    for keyword in frame.keywords {
      guard let text = frame.value(of: keyword).flatMap(Self.text) else { continue }
      if values[keyword] == nil { values[keyword] = text }
      guard let definition = frame.schema.definition(keyword: keyword) else { continue }
      let path = "META." + definition.path.uppercased()
      if values[path] == nil { values[path] = text }
    }
    self.values = values
  }

  private static func text(_ value: Card.Value) -> String? {
    switch value {
    case .string(let text): text.isEmpty ? nil : text
    case .integer(let number): String(number)
    case .real(let number): DecimalText.shortest(number)
    case .logical(let flag): flag ? "T" : "F"
    case .complex, .undefined, .text: nil
    }
  }

  /// The value that rules compare, nil when the header does not give it.
  public subscript(_ name: String) -> String? { values[name] }

  private struct Field: Sendable {
    let names: [String]
    let value: @Sendable (FrameMetadata) -> String?
  }

  private static let fields: [Field] = instrument + subarray + exposure

  private static let instrument: [Field] = [
    Field(names: ["INSTRUME", "META.INSTRUMENT.NAME"]) { $0.string("instrument.name") ?? "IRIS" },
    Field(names: ["TELESCOP", "META.TELESCOPE"]) { $0.string("telescope.name") },
    Field(names: ["DETECTOR", "META.INSTRUMENT.DETECTOR"]) { $0.detectorLiteral ?? $0.detector },
    Field(names: ["INSTMODE", "META.INSTRUMENT.MODE"]) { $0.instrumentMode },
    Field(names: ["FILTER", "META.INSTRUMENT.FILTER"]) { $0.filter },
    Field(names: ["PUPIL", "META.INSTRUMENT.PUPIL"]) { $0.pupil },
    Field(names: ["GRATING", "META.INSTRUMENT.GRATING"]) { $0.grating },
    Field(names: ["SCALE", "META.INSTRUMENT.SCALE"]) { $0.scale },
  ]

  private static let subarray: [Field] = [
    Field(names: ["SUBARRAY", "META.SUBARRAY.NAME"]) { $0.subarrayName },
    Field(names: ["SUBARRID", "META.SUBARRAY.ID"]) { $0.integer("subarray.id").map(String.init) },
    Field(names: ["SUBSTRT1", "META.SUBARRAY.XSTART"]) { $0.subarray.map { String($0.x0 + 1) } },
    Field(names: ["SUBSTRT2", "META.SUBARRAY.YSTART"]) { $0.subarray.map { String($0.y0 + 1) } },
    Field(names: ["SUBSIZE1", "META.SUBARRAY.XSIZE"]) { $0.subarray.map { String($0.width) } },
    Field(names: ["SUBSIZE2", "META.SUBARRAY.YSIZE"]) { $0.subarray.map { String($0.height) } },
  ]

  private static let exposure: [Field] = [
    Field(names: ["EXP_TYPE", "IMTYPE", "META.EXPOSURE.TYPE"]) { $0.imageType },
    Field(names: ["READMODE", "READPATT", "META.EXPOSURE.READMODE"]) { $0.readMode },
    Field(names: ["NGROUPS", "NREADS", "META.EXPOSURE.NGROUPS", "META.EXPOSURE.NREADS"]) {
      $0.ngroups.map(String.init)
    },
    Field(names: ["NINTS", "META.EXPOSURE.NINTS"]) { $0.nints.map(String.init) },
    Field(names: ["NCOADDS", "META.EXPOSURE.NCOADDS"]) { $0.ncoadds.map(String.init) },
    Field(names: ["EXPTIME", "META.EXPOSURE.TIME", "META.EXPOSURE.EXPOSURE_TIME"]) {
      $0.exposureSeconds.map(DecimalText.shortest)
    },
    Field(names: ["DATE-OBS", "META.OBSERVATION.DATE"]) { $0.dateBegin.map(FITSDate.dayText) },
    Field(names: ["TIME-OBS", "META.OBSERVATION.TIME"]) {
      $0.dateBegin.map { String(FITSDate.text(of: $0).dropFirst(11)) }
    },
  ]
}
