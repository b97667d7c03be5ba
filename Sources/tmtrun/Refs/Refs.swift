import ArgumentParser
import FITSStructure
import Foundation
import PipelineEngine
import ReferenceDesk
import References
import Tables

/// `tmtrun refs`: the reference rules of a cache.
struct Refs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refs", abstract: "The reference rules: choose, insert, compare, check.",
    discussion: """
      The cache is CRDS_PATH, else ./crds, else the rules shipped with the program; the context is --context, else
      CRDS_CONTEXT, else the newest. 'latest' and 'operational' are understood.
      """,
    subcommands: [
      RefsBest.self, RefsInsert.self, RefsContexts.self, RefsDiff.self, RefsAffected.self, RefsCertify.self,
      RefsChecksum.self,
    ])

  /// The desk of the cache that is in force.
  ///
  /// - Throws: `EngineError` `rules-missing`.
  static func desk() throws -> (desk: ReferenceDesk, context: String?) {
    guard let cache = Program.referenceCache else {
      throw EngineError(
        "rules-missing", "there are no reference rules", subject: "CRDS_PATH",
        hint: "set CRDS_PATH to a folder that holds mappings/tmt")
    }
    return (ReferenceDesk(cache: RulesCache(path: cache.path)), cache.context)
  }

  /// The context of `--context` or of the environment, its faults told on standard error.
  static func context(_ named: String?) throws -> (desk: ReferenceDesk, context: RulesContext) {
    let (desk, inForce) = try desk()
    let context = try desk.context(named ?? inForce)
    for warning in context.warnings { StandardError.write("warning: \(Printable.escaped(warning))\n") }
    return (desk, context)
  }

  /// Errors of the desk and the tables as the engine's, which has the exit codes.
  static func told<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as ReferenceDeskError {
      throw EngineError(
        error.code, error.message, subject: error.subject, hint: error.hint, underlying: error)
    } catch let error as TablesError {
      throw EngineError("usage", error.message, subject: error.subject, hint: error.hint, underlying: error)
    }
  }
}

/// `--context`
struct ContextOption: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("Context: a .pmap, 'latest' or 'operational'.", valueName: "pmap"))
  var context: String?
}

/// `tmtrun refs best`
struct RefsBest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "best", abstract: "What the rules choose for a frame, type by type, and why.")

  @Argument(help: "A FITS file.") var file: String
  @Option(name: .long, help: "Only this type; may be repeated.") var type: [String] = []
  @OptionGroup var named: ContextOption
  @OptionGroup var output: TableOptions

  func run() throws {
    try Refs.told {
      let (desk, context) = try Refs.context(named.context)
      let headers = try FileHeaders(path: file)
      let table = try desk.best(headers.metadata, types: type.isEmpty ? nil : type, in: context)
      try output.put(table)
      let isNothing = table.rows.allSatisfy { $0[1] == .string("none") || $0[1] == .string("omitted") }
      if isNothing { throw Failure.Exit(code: PipelineEngine.ExitCode.nothingMatched.rawValue) }
    }
  }
}

/// `tmtrun refs contexts`
struct RefsContexts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contexts",
    abstract: "The contexts of the cache, what each was made from, and the one in use.")

  @OptionGroup var output: TableOptions

  func run() throws {
    try Refs.told {
      let (desk, inForce) = try Refs.desk()
      try output.put(try desk.contexts(current: try desk.cache.contextName(inForce)))
    }
  }
}

/// `tmtrun refs diff`
struct RefsDiff: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Rows added, removed and replaced from one context to another.")

  @Argument(help: "A context.") var old: String
  @Argument(help: "Another.") var new: String
  @OptionGroup var output: TableOptions

  func run() throws {
    try Refs.told {
      let (desk, before) = try Refs.context(old)
      try output.put(desk.differences(before, try desk.context(new)))
    }
  }
}

/// `tmtrun refs affected`
struct RefsAffected: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "affected", abstract: "Which files would choose another reference in another context.")

  @Argument(help: "A context.") var old: String
  @Argument(help: "Another.") var new: String
  @Argument(help: "FITS files.") var files: [String]
  @OptionGroup var output: TableOptions

  func run() throws {
    try Refs.told {
      let (desk, before) = try Refs.context(old)
      let table = try desk.affected(files, before, try desk.context(new))
      try output.put(table)
      if table.rows.isEmpty { throw Failure.Exit(code: PipelineEngine.ExitCode.nothingMatched.rawValue) }
    }
  }
}

/// `tmtrun refs checksum`
struct RefsChecksum: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checksum", abstract: "Check, or write, the sha1sums of mappings.")

  @Argument(help: "Mappings, by path or by name in the cache; none: all of the cache.") var files: [String] =
    []
  @Flag(name: .long, help: "Write the right sha1sum into those that have another.") var update = false
  @OptionGroup var output: TableOptions

  func run() throws {
    try Refs.told {
      let desk = files.isEmpty || files.contains { !$0.contains("/") } ? try Refs.desk().desk : nil
      let paths = files.map { file in
        let isName = !file.contains("/") && !FileManager.default.fileExists(atPath: file)
        return isName ? desk.map { "\($0.cache.mappingsFolder)/\(file)" } ?? file : file
      }
      let (table, faults) = try (desk ?? ReferenceDesk(cache: RulesCache(path: "."))).checksums(
        paths, updating: update)
      try output.put(table)
      if faults > 0 { throw Failure.Exit(code: PipelineEngine.ExitCode.problemsFound.rawValue) }
    }
  }
}
