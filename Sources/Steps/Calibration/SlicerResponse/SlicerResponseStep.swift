import PipelineEngine
import Pixels

/// Takes the lamp's spectrum and the grating's response out of a slicer flat.
public struct SlicerResponseStep: Step {
  public static let declaration = StepDeclaration(
    name: "slicer_response", className: "SlicerResponseStep",
    summary: "Take the smooth spectral response out of a slicer flat",
    statusKeyword: "S_SLRESP",
    parameters: [
      Parameter(
        "order", .integer(0...20), default: .integer(8), help: "highest degree of the Legendre fit (5 to 8)"),
      Parameter(
        "sigma", .number(1...100), default: .number(3),
        help: "rejection of the fit, in sigmas of the residuals"),
      Parameter(
        "max_iterations", .integer(0...100), default: .integer(10), help: "rounds of rejection at most"),
      Parameter(
        "removal", .choice(["divide", "subtract"]), default: .string("divide"),
        help: "divide by the response, or subtract it (the documents' word; its mean is put back)"),
      Parameter(
        "edge", .number(0...1), default: .number(0.3),
        help: "rows with less than this share of the light are NON_SCIENCE"),
    ], intake: .set)

  public init() {}

  /// Keyword of the response's median, which the flat was divided by.
  static let levelKeyword = "RESPLEVL"

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let first = work.first else { return .skipped(reason: "there is no frame") }
    guard first.metadata.instrumentMode == "SLICER" else {
      return .skipped(reason: "the flat is not of the slicer")
    }
    for i in work.frames.indices {
      let response = try remove(from: &work.frames[i], in: context)
      guard i == 0, context.parameters.string("removal") != "subtract",
        let scatter = work.planes.firstIndex(where: { $0.name == "SCATTER" })
      else { continue }
      work.planes[scatter].plane = quotient(work.planes[scatter].plane, response)
    }
    return .complete
  }

  private func remove(from frame: inout Frame, in context: StepContext) throws -> Plane<Float> {
    try frame.load()
    let parameters = context.parameters
    let options = SlicerFlatOptions(
      removal: SlicerFlatOptions.Removal(rawValue: parameters.string("removal") ?? "") ?? .divide,
      fit: LegendreSeries.FitOptions(
        order: parameters.integer("order") ?? 8, kappa: parameters.number("sigma") ?? 3,
        maximumIterations: parameters.integer("max_iterations") ?? 10),
      edgeFraction: Float(parameters.number("edge") ?? 0.3))
    let pixels = try frame.takePixels()
    let result: SlicerFlat
    do throws(PixelsError) {
      result = try removeSlicerResponse(from: pixels, options: options)
    } catch {
      throw EngineError(
        error.code, error.message, subject: frame.member.name, hint: error.hint, underlying: error)
    }
    frame.setPixels(result.flat)
    frame.header.remove(Self.levelKeyword)
    if options.removal == .divide {
      let level = median(of: result.response)
      frame.header.set(
        Self.levelKeyword, .real(Double(level)), comment: "median of the response that was divided out")
    }
    frame.header.set("NSLICES", .integer(Int64(result.slices.count)), comment: "slices found")
    context.logger.info("\(result.slices.count) slices; response of order \(options.fit.order) taken out")
    return result.response
  }

  private func quotient(_ plane: Plane<Float>, _ divisor: Plane<Float>) -> Plane<Float> {
    plane.withUnsafeBuffer { a in
      divisor.withUnsafeBuffer { b in
        Plane(uninitializedWidth: plane.width, height: plane.height) { out in
          for i in 0..<a.count { out.initializeElement(at: i, to: a[i] / b[i]) }
        }
      }
    }
  }
}
