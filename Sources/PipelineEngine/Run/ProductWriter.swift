import DataModels
import FITSIO
import FITSStructure
import JobContract
import Pixels

/// Writes the product of a run: planes, headers, PROVENANCE, hashed as it is written.
struct ProductWriter {
  let request: RunRequest
  let services: RunServices
  let record: RunRecord

  private var pipeline: Pipeline { request.configuration.pipeline }

  /// - Throws: `ModelError` when the file cannot be written or is there already.
  func write(_ work: Workpiece) throws -> ProductReport {
    // A step of the readout that runs alone leaves a ramp.
    if work.frames.isEmpty, work.ramp != nil { return try writeRamp(of: work) }
    guard var frame = work.first else {
      throw EngineError("no-product", "no step made an image", subject: request.productFileName)
    }
    let header = ProductHeader(request: request, services: services, record: record).primary(from: frame)
    let pixels = try frame.takePixels()
    try checkUse(of: pixels)
    var headers = ProductHeaders(primary: header, science: frame.scienceHeader)
    headers.tidy()
    headers.science.remove("BUNIT")
    var model = ImageModel(
      header: headers.primary, measured: pixels, unit: frame.unit, scienceHeader: headers.science)
    model.subarrayMap = frame.subarrayMap
    model.variancePoisson = work.variancePoisson
    model.varianceReadNoise = work.varianceReadNoise
    model.varianceFlat = work.varianceFlat
    model.extraPlanes = work.planes
    var hash = ContentHash()
    let path = request.outputDirectory + "/" + request.productFileName
    let written = try write(model, to: path) { hash.update($0) }
    let preview = preview(of: pixels, unit: frame.unit)
    return ProductReport(
      kind: pipeline.productKind, fileName: request.productFileName, sha256: hash.hexadecimal,
      bytes: hash.bytes, level: pipeline.level, headers: written.headerTexts.map(\.text),
      quality: QualityNumbers(pixels).values.merging(work.quality) { $1 }, preview: preview,
      comparedWith: record.comparedWith)
  }

  /// A master of which no pixel can be used is none.
  private func checkUse(of pixels: Measured) throws(EngineError) {
    guard let type = pipeline.referenceType, type != "mask" else { return }
    let isUsable = pixels.quality.withUnsafeBuffer { $0.contains { $0 & DQ.doNotUse == 0 } }
    guard !isUsable else { return }
    throw EngineError(
      "no-usable-pixel", "every pixel of the \(type) is flagged DO_NOT_USE, so it can serve no frame",
      subject: request.productFileName, hint: "look at the frames it is made of: tmtrun preview FILE")
  }

  /// The picture beside the product. Without one the product is as good: then a note says why.
  private func preview(of pixels: Measured, unit: String) -> PreviewReport? {
    guard request.wantsPreviews, let maker = services.preview else { return nil }
    do {
      return try maker.write(
        pixels.value, pixels.quality, of: request.productFileName, unit: unit,
        in: request.outputDirectory)
    } catch {
      let reported = ReportedError(error)
      record.notes.note("no preview was made: \(reported.message) (\(reported.subject))")
      return nil
    }
  }

  /// Writes the ramp as it is after a step that still works on reads.
  /// - Throws: `ModelError` when the file cannot be written or is there already.
  func writeRamp(of work: Workpiece) throws -> ProductReport {
    guard let ramp = work.ramp else {
      throw EngineError("no-product", "there is no ramp", subject: request.productFileName)
    }
    var hash = ContentHash()
    let path = request.outputDirectory + "/" + request.productFileName
    let written = try ramp.model().write(to: path, provenance: provenance) { hash.update($0) }
    return ProductReport(
      kind: pipeline.productKind, fileName: request.productFileName, sha256: hash.hexadecimal,
      bytes: hash.bytes, level: 0, headers: written.headerTexts.map(\.text))
  }

  /// A mask is a file of flags; everything else is an image.
  private func write(
    _ model: ImageModel, to path: String, observing onBytes: @escaping (UnsafeRawBufferPointer) -> Void
  ) throws -> WrittenFile {
    guard pipeline.referenceType == "mask" else {
      return try model.write(to: path, provenance: provenance, observing: onBytes)
    }
    return try ReferenceModel(mask: model).write(to: path, provenance: provenance, observing: onBytes)
  }

  /// Every input, every reference and every step with its parameters.
  var provenance: ProvenanceTable {
    var rows = record.inputs.map { ProvenanceTable.Row(role: $0.role, name: $0.name, sha256: $0.sha256) }
    for use in record.references {
      let reference = use.reference
      guard let path = reference.path else { continue }
      rows.append(
        ProvenanceTable.Row(
          role: reference.type, name: fileName(of: path), sha256: reference.sha256 ?? "",
          detail: [reference.origin.rawValue, reference.context, reference.rule].compactMap { $0 }
            .joined(separator: " ")))
    }
    if let previous = record.comparedWith {
      rows.append(
        ProvenanceTable.Row(
          role: previous.role, name: previous.name, sha256: previous.sha256,
          detail: record.notes.continues(previous.path) ? "continued" : "compared with, not used"))
    }
    for step in record.steps {
      let parameters = step.parameters.sorted { $0.key < $1.key }
        .map { "\($0.key)=\($0.value.value) (\($0.value.origin))" }
      let detail = ([step.status.rawValue] + (step.reason.map { [$0] } ?? []) + parameters)
      rows.append(
        ProvenanceTable.Row(role: "step", name: step.name, detail: detail.joined(separator: "; ")))
    }
    let software = services.software.merging(["irisarchive": services.version]) { $1 }
    for (name, version) in software.sorted(by: { $0.key < $1.key }) {
      rows.append(ProvenanceTable.Row(role: "software", name: name, detail: version))
    }
    return ProvenanceTable(rows: rows)
  }
}
