import Foundation

/// What the rules of the reference system may ask of a frame, under FITS keywords and under the published
/// `META.*` names. Values are text as the header has it; numbers in shortest decimal form. Absent ones are
/// left out.
public struct CRDSHeader: Sendable, Hashable {
  public let values: [String: String]

  public init(_ frame: FrameMetadata) {
    var values: [String: String] = [:]
    for field in Self.fields {
      guard let text = field.value(frame), !text.isEmpty else { continue }
      for name in field.names { values[name] = text }
    }
    self.values = values
  }

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
