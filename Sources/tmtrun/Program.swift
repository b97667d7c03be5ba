import Foundation
import Logging
import PipelineEngine
import Pipelines

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

  static func services(_ level: LogLevel) -> RunServices {
    .stpipe(
      now: { Date() }, write: { StandardError.write($0) }, level: level.level,
      version: PipelineCatalog.version,
      software: LinkedSoftware.versions)
  }

  /// The configuration a target means: a cfg's class with the cfg merged, or a pipeline's defaults.
  static func configuration(for target: String) throws -> RunConfiguration {
    if target.hasSuffix(".cfg") {
      let file = try CfgFile(path: target)
      guard let name = file.className else {
        throw EngineError(
          "cfg-no-class", "the cfg does not say what it is for", subject: target,
          hint: "add: class = \"imager_level2\"")
      }
      var configuration = try RunConfiguration(pipeline(named: name), logName: shortName(of: name))
      try configuration.merge(file)
      return configuration
    }
    return try RunConfiguration(pipeline(named: target), logName: shortName(of: target))
  }

  static func pipeline(named name: String) throws -> Pipeline {
    switch try registry.target(named: name) {
    case .pipeline(let pipeline): pipeline
    case .step(let step): Pipeline(running: step)
    }
  }

  private static func shortName(of name: String) -> String {
    name.split(separator: ".").last.map(String.init) ?? name
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
