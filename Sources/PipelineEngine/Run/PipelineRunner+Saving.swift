import Foundation
import JobContract
import Metadata

extension PipelineRunner {
  /// Writes what there is after a step as `<product stem>_<step>.fits` beside the product, and reports it as a product
  /// of the step's kind. Frames of a set are named by their own stems.
  /// - Returns: absolute path of the first file written.
  func save(
    after step: StepDeclaration, _ work: Workpiece, hashes: InputHashes, record: inout RunRecord
  ) throws -> String? {
    try record.identify(hashes)
    var first: String?
    let log = services.logger("\(label).\(step.name)")
    if work.frames.isEmpty, work.ramp != nil {
      let request = intermediateRequest(step, stem: productFileStem)
      record.products.append(try writer(request, record).writeRamp(of: work))
      first = request.productFileName
      log.info("Saved model in \(request.productFileName)")
    }
    for frame in work.frames {
      let stem = work.frames.count == 1 ? productFileStem : ProductName.safeStem(of: frame.member.name)
      let request = intermediateRequest(step, stem: stem)
      var single = work
      single.frames = [frame]
      record.products.append(try writer(request, record).write(single))
      first = first ?? request.productFileName
      log.info("Saved model in \(request.productFileName)")
    }
    return first.map { AbsolutePath.of(request.outputDirectory + "/" + $0) }
  }

  private func writer(_ request: RunRequest, _ record: RunRecord) -> ProductWriter {
    ProductWriter(request: request, services: services, record: record)
  }

  /// The product's file name without kind and version.
  private var productFileStem: String {
    let stem = ProductName.safeStem(of: ProductName.versioned(request.productFileName, 1))
    return stem.lastIndex(of: "_").map { String(stem[..<$0]) } ?? stem
  }

  /// The same run with a product of another name and kind: what is half reduced is an image and no reference.
  private func intermediateRequest(_ step: StepDeclaration, stem: String) -> RunRequest {
    var request = request
    request.wantsPreviews = false
    request.configuration.pipeline = Pipeline(
      name: pipeline.name, summary: pipeline.summary, aliases: pipeline.aliases, intake: pipeline.intake,
      steps: pipeline.steps, productKind: step.name, level: max(1, pipeline.level),
      dataModel: "IRISImageModel", title: pipeline.title)
    let plain = "\(stem)_\(step.name).fits"
    request.productFileName =
      (1...999).lazy.map { ProductName.versioned(plain, $0) }
      .first { !FileManager.default.fileExists(atPath: "\(request.outputDirectory)/\($0)") } ?? plain
    return request
  }
}
