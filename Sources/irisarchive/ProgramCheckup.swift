import ChildProcess
import Foundation
import JobContract

/// Checks of `tmtrun`, and through it of CFITSIO, which this program never loads.
struct ProgramCheckup {
  /// What the manifest may say of the libraries beneath.
  private struct Libraries: Decodable {
    var libraries: [String: String]?
  }

  let path: String

  func findings() async -> [Finding] {
    do {
      let end = try await ProgramRun(
        executable: path, arguments: ["manifest"], environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"],
        output: .captured(limit: 4 << 20), errorOutput: .captured(limit: 1 << 16), timeout: .seconds(60)
      ).run()
      guard end.succeeded else { return [unusable("it ended with \(end.cause)")] }
      let manifest = try JSONDecoder().decode(PipelineManifest.self, from: end.output)
      let sentence =
        "version \(manifest.software), \(manifest.pipelines.count) pipelines, \(manifest.steps.count) steps"
      let libraries = try JSONDecoder().decode(Libraries.self, from: end.output).libraries ?? [:]
      return [Finding("tmtrun", .ok, "\(path): \(sentence)"), cfitsio(libraries)]
    } catch {
      return [unusable("\(error)")]
    }
  }

  private func unusable(_ why: String) -> Finding {
    Finding(
      "tmtrun", .problem, "\(path) manifest does not answer: \(why)",
      hint: "set [jobs] tmtrun in config/irisarchive.cfg")
  }

  private func cfitsio(_ libraries: [String: String]) -> Finding {
    guard let version = libraries["cfitsio"] else {
      return Finding("cfitsio", .warning, "tmtrun does not tell its version")
    }
    let isReentrant = libraries["cfitsio_reentrant"] == "true"
    return Finding(
      "cfitsio", isReentrant ? .ok : .problem, "\(version)\(isReentrant ? ", reentrant" : ", not reentrant")",
      hint: isReentrant ? nil : "install a CFITSIO that was configured with --enable-reentrant")
  }
}
