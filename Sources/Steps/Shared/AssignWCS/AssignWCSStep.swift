import Astrometry
import PipelineEngine

/// Says where each frame lies on the sky.
public struct AssignWCSStep: Step {
  public static let declaration = StepDeclaration(
    name: "assign_wcs", className: "AssignWcsStep", summary: "Assign world coordinates",
    aliases: [
      "jwst.assign_wcs.AssignWcsStep", "iris_pipeline.assign_wcs.AssignWcsStep",
      "liger_iris_pipeline.assign_wcs.AssignWCSStep",
    ],
    statusKeyword: "S_WCS",
    parameters: [
      Parameter(
        "crpix", .choice(["image", "detector"]), default: .string("image"),
        help: "what the CRPIX cards of a subarray count: pixels of the image, or of the whole detector"),
      Parameter(
        "form", .choice(TangentSystem.Form.allCases.map(\.rawValue)), default: .string("sip"),
        help: "how a distortion is written: SIP, TPV (which SExtractor and SWarp read), or not at all"),
    ], referenceTypes: ["distortion"])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard !work.frames.isEmpty else { return .skipped(reason: "there is no frame") }
    var reasons: [String] = []
    let distortion = try DetectorDistortion(in: context)
    for i in work.frames.indices {
      let pointing = FramePointing(work.frames[i])
      let (found, reason) = assign(work.frames[i], pointing, in: context)
      guard var wcs = found else {
        reasons.append(reason)
        continue
      }
      wcs = distorted(wcs, work.frames[i], distortion, in: context)
      pointing.check(wcs).forEach(context.degrade)
      work.frames[i].place(wcs)
    }
    return reasons.isEmpty ? .complete : .skipped(reason: reasons.joined(separator: "; "))
  }

  /// The system with the detector's distortion, in the form that is asked for; a system that cannot take it
  /// stays as it is.
  private func distorted(
    _ wcs: SkyWCS, _ frame: Frame, _ distortion: DetectorDistortion?, in context: StepContext
  ) -> SkyWCS {
    let form = TangentSystem.Form(rawValue: context.parameters.string("form") ?? "") ?? .sip
    let hasOwn = wcs.cards.contains {
      $0.keyword == "A_ORDER" || $0.keyword == "B_ORDER" || $0.string == "RA---TPV"
    }
    guard distortion != nil || (hasOwn && form != .sip) else { return wcs }
    do throws(AstrometryError) {
      var system = try TangentSystem(wcs)
      if let distortion, !hasOwn {
        system = try system.distorted(
          by: distortion.within(frame), radius: Double(max(frame.width, frame.height)) / 2)
        system.distortion = try system.distortion?.withInverse(width: frame.width, height: frame.height)
      } else if distortion != nil {
        context.note("\(frame.member.name) has a distortion of its own: the reference is not used")
      }
      return try system.wcs(form)
    } catch {
      context.degrade(
        "the distortion of \(frame.member.name) is not written: \(error.message) (\(error.subject))")
      return wcs
    }
  }

  /// The frame's own system, else one made of its pointing, else why there is none.
  private func assign(
    _ frame: Frame, _ pointing: FramePointing, in context: StepContext
  ) -> (SkyWCS?, String) {
    let name = frame.member.name
    var reason = "\(name) has no world coordinates"
    if frame.hasWorldCoordinates {
      do throws(AstrometryError) {
        var wcs = try SkyWCS(cards: frame.worldCoordinateCards)
        for remark in wcs.remarks { context.note("\(name): \(remark)") }
        if context.parameters.string("crpix") == "detector" {
          wcs = try wcs.cropped(x: frame.window.x0, y: frame.window.y0)
        }
        return (wcs, "")
      } catch {
        reason = "the world coordinates of \(name) cannot be used (\(error.subject): \(error.message))"
        context.degrade(reason)
      }
    }
    switch pointing.built() {
    case .success(let wcs):
      context.note("\(reason): made of \(pointing.sources), without distortion")
      return (wcs, "")
    case .failure(let lack): return (nil, "\(reason), and \(lack.message)")
    }
  }
}
