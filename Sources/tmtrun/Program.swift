import Deconvolution
import Foundation
import Logging
import PipelineEngine
import Pipelines
import QuickLook
import SourceExtraction

/// How much is logged.
enum LogLevel {
  case quiet, normal, verbose

  var level: Logger.Level {
    switch self {
    case .quiet: .warning
    case .normal: .info
    case .verbose: .debug
    }
  }
}

/// What only the executable knows: clock, environment, versions, where the log goes.
enum Program {
  static let registry = PipelineCatalog.registry

  /// Hooks of steps that run now.
  static let hooks = RunningHooks()

  static func services(_ level: LogLevel) -> RunServices {
    var services = RunServices.stpipe(
      now: { Date() }, write: { StandardError.write(Printable.escaped(String($0.dropLast())) + "\n") },
      level: level.level,
      version: PipelineCatalog.version,
      software: LinkedSoftware.adding(
        QuickLookPicture.linkedSoftware, ["sep": sepVersion(), "fftw": fftwVersion()]),
      preview: preview())
    services.hooks = hooks
    return services
  }

  /// Draws previews; by default in the contrast of zscale.
  static func preview(_ scale: QuickLookPicture.Scale = .zscale(ZScale())) -> PreviewMaker {
    let picture = QuickLookPicture(scale: scale)
    return PreviewMaker(fileExtension: "png") { value, quality, fileName, unit in
      do throws(QuickLookError) {
        return try picture.png(
          of: value, quality: quality,
          caption: .init(
            fileName: fileName, unit: unit, software: "irisarchive \(PipelineCatalog.version)"))
      } catch {
        let code = error.code == "bad-range" ? "usage" : error.code
        throw EngineError(
          code, error.message, subject: error.subject, hint: error.hint, underlying: error.underlying)
      }
    }
  }

  /// The reference rules: `CRDS_PATH` (with `CRDS_CONTEXT`), else `./crds`, else those beside the program.
  static var referenceCache: ReferenceFinder.Cache? {
    let environment = ProcessInfo.processInfo.environment
    let context = environment["CRDS_CONTEXT"].flatMap { $0.isEmpty ? nil : $0 }
    if let path = environment["CRDS_PATH"], !path.isEmpty {
      return ReferenceFinder.Cache(path: path, context: context, origin: "CRDS_PATH")
    }
    if isCache("crds") { return ReferenceFinder.Cache(path: "crds", context: context, origin: "./crds") }
    return shippedCache.map {
      ReferenceFinder.Cache(path: $0, context: context, origin: "shipped with the program")
    }
  }

  private static func isCache(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path + "/mappings/tmt")
  }

  /// `crds` beside the program or in a folder above it (the package), or `share/irisarchive/crds` of its prefix.
  private static var shippedCache: String? {
    guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
      return nil
    }
    var folder = URL(fileURLWithPath: program).deletingLastPathComponent()
    for _ in 0..<5 {
      for candidate in ["crds", "share/irisarchive/crds"] {
        let path = folder.appendingPathComponent(candidate).path
        if isCache(path) { return path }
      }
      folder = folder.deletingLastPathComponent()
    }
    return nil
  }
}
