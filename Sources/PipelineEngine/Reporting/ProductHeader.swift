import FITSIO
import FITSStructure
import Foundation
import JobContract

/// Writes into a product's primary header what a run knows about it.
struct ProductHeader {
  let request: RunRequest
  let services: RunServices
  let record: RunRecord

  private var pipeline: Pipeline { request.configuration.pipeline }

  /// The header of the first frame with everything the product adds.
  func primary(from frame: Frame) -> Header {
    var header = frame.header
    identify(&header)
    remainingDark(&header, frame)
    references(&header)
    association(&header)
    if let type = pipeline.referenceType { describeReference(&header, type: type, frame: frame) }
    for line in history { header.append(history: line) }
    return header
  }

  private func identify(_ header: inout Header) {
    header.set("FILENAME", .string(request.productFileName), comment: "name of the file")
    header.set("DATE", .string(UTCTime.fits(services.now())), comment: "UTC when the file was written")
    for (keyword, value) in [("TELESCOP", "TMT"), ("INSTRUME", "IRIS")] where header[keyword] == nil {
      header.set(keyword, .string(value))
    }
    header.set("ORIGIN", .string("irisarchive"), comment: "what wrote the file")
    header.set("DATAMODL", .string(pipeline.dataModel), comment: "type of data model")
    header.set("DATALVL", .integer(Int64(pipeline.level)), comment: "data level")
    header.set("DRSVER", .string(services.version), comment: "version of the reduction software")
    header.set("PIPELINE", .string(pipeline.name), comment: "pipeline that made the file")
    header.set("DEGRADED", .logical(!record.notes.degraded.isEmpty), comment: "reasons are in HISTORY")
  }

  /// A raw background that was subtracted took dark along: what is left of it must not be taken out a second time.
  private func remainingDark(_ header: inout Header, _ frame: Frame) {
    header.remove(Frame.darkShareKeyword)
    guard frame.darkShare != FrameOpener.darkShare(header) else { return }
    header.set(
      Frame.darkShareKeyword, .real(Double(frame.darkShare)),
      comment: "how much of the dark is still in the frame")
  }

  private func references(_ header: inout Header) {
    let byType = Dictionary(grouping: record.references.map(\.reference), by: \.type)
    // Parameter references stand in PROVENANCE; eight letters would not tell them apart.
    for (type, references) in byType.sorted(by: { $0.key < $1.key })
    where ParameterReference.step(ofType: type) == nil {
      let keyword = Self.referenceKeyword(type)
      // Several steps may use one file.
      let files = references.compactMap(\.path).map(fileName(of:)).reduce(into: [String]()) { names, name in
        if !names.contains(name) { names.append(name) }
      }
      if !files.isEmpty {
        header.set(keyword, .string(files.joined(separator: ",")), comment: "\(type) reference")
      } else if references.contains(where: { $0.origin == .notApplicable }), header[keyword] == nil {
        header.set(keyword, .string("N/A"), comment: "\(type) reference")
      }
    }
    if let context = request.context {
      header.set("CRDS_CTX", .string(context), comment: "context of the reference rules")
      header.set("CRDS_VER", .string("irisarchive \(services.version)"), comment: "reader of the rules")
    }
  }

  private func association(_ header: inout Header) {
    let values = [
      ("ASNNAME", request.association), ("ASNTYPE", request.associationRule),
      ("ASNTABLE", request.associationTable), ("ASNPOOL", request.associationPool),
    ]
    for case (let keyword, let value?) in values { header.set(keyword, .string(value)) }
  }

  private func describeReference(_ header: inout Header, type: String, frame: Frame) {
    header.set("REFTYPE", .string(type.uppercased()), comment: "reference type")
    header.set("PEDIGREE", .string("GROUND"), comment: "made from calibration exposures")
    header.set("AUTHOR", .string("irisarchive \(services.version)"))
    let count = record.inputs.count
    header.set("DESCRIP", .string("Master \(type) of \(count) exposure\(count == 1 ? "" : "s")"))
    guard let begin = frame.metadata.dateBegin else { return }
    let text = UTCTime.fits(begin).replacingOccurrences(of: "T", with: " ")
    header.set("USEAFTER", .string(String(text.prefix(19))), comment: "valid from (UTC)")
  }

  private var history: [String] {
    var lines = ["irisarchive \(services.version) \(pipeline.name) \(UTCTime.fits(services.now()))"]
    for step in record.steps {
      let parameters = step.parameters.filter { $0.value.origin != "default" }
        .sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value.value)" }.joined()
      let reason = step.reason.map { ": \($0)" } ?? ""
      lines.append("\(step.name) \(step.status.rawValue)\(reason)\(parameters)")
    }
    return lines + record.notes.notes + record.notes.degraded.map { "degraded: \($0)" }
  }

  /// `R_DARK`, `R_NONLIN` …: eight characters at most, by the published names.
  static func referenceKeyword(_ type: String) -> String {
    let bare = type.lowercased() == "nonlincoeff" ? "NONLIN" : type.uppercased()
    return "R_" + String(bare.prefix(6))
  }
}
