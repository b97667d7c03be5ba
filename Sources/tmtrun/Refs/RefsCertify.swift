import ArgumentParser
import FITSIO
import Foundation
import PipelineEngine
import ReferenceDesk
import References
import Tables

/// `tmtrun refs certify`
struct RefsCertify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certify", abstract: "Check reference files: header, HDUs, shapes, units, flags.",
    discussion: """
      REFTYPE PEDIGREE DESCRIP AUTHOR USEAFTER, the keywords that the rules match on, checksums, and what the schema \
      of the type asks of its HDUs. One row per finding; exit code 4 when a file has a problem.
      """)

  @Argument(help: "FITS files.") var files: [String]
  @Option(name: .long, help: "Type that the files must be; else what their REFTYPE says.") var type: String?
  @OptionGroup var named: ContextOption
  @OptionGroup var output: TableOptions

  func run() throws {
    try Refs.told {
      let context =
        try Program.referenceCache == nil && named.context == nil ? nil : Refs.context(named.context).context
      var table = Table(ReferenceFinding.columns, name: "findings")
      var hasProblem = false
      for file in files {
        let findings = try Self.findings(try FileHeaders(path: file, verifying: true), type, context)
        hasProblem = hasProblem || findings.contains { $0.state == .problem }
        let shown =
          findings.isEmpty
          ? [ReferenceFinding(.ok, "file", "nothing is wrong with this \(type ?? "reference")")]
          : findings
        for finding in shown { table.append(finding.row(file: file)) }
      }
      try output.put(table)
      if hasProblem { throw Failure.Exit(code: PipelineEngine.ExitCode.problemsFound.rawValue) }
    }
  }

  /// Everything that is wrong with a file; its pixels are looked at when its HDUs are in order.
  static func findings(
    _ headers: FileHeaders, _ type: String?, _ context: RulesContext?
  ) throws -> [ReferenceFinding] {
    let certifier: ReferenceCertifier
    do throws(ReferenceDeskError) {
      certifier = try ReferenceCertifier(headers, type: type, context: context)
    } catch {
      return [ReferenceFinding(.problem, "REFTYPE", error.message)]
    }
    let findings = certifier.findings()
    guard !findings.contains(where: { $0.state == .problem && $0.subject == "file" }) else { return findings }
    return findings + certifier.findings(try PixelCounter(path: headers.path, certifier: certifier).census())
  }

  /// - Throws: `not-certified` with the first problem of the first file that has one.
  static func require(_ files: [FileHeaders], _ type: String?, _ context: RulesContext) throws {
    for headers in files {
      let problems = try findings(headers, type, context).filter { $0.state == .problem }
      guard let first = problems.first else { continue }
      let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
      throw ReferenceDeskError(
        "not-certified", "\(first.subject): \(first.message)\(more)", headers.path,
        hint: "tmtrun refs certify \(headers.path)")
    }
  }
}
