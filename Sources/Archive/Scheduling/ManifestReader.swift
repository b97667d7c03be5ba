import ChildProcess
import Foundation
import JobContract

/// Asks `tmtrun manifest` what it can do: at start, and again when the program on disk has changed.
actor ManifestReader {
  private let program: String
  private var signature: [Int64] = []
  private var manifest: PipelineManifest?

  init(program: String) {
    self.program = program
  }

  /// - Throws: ``ArchiveError`` `tmtrun-unusable` when the program is missing or does not answer.
  func current() async throws(ArchiveError) -> PipelineManifest {
    let found = Self.signature(program)
    if let manifest, found == signature { return manifest }
    let fresh = try await read()
    signature = found
    manifest = fresh
    return fresh
  }

  private func read() async throws(ArchiveError) -> PipelineManifest {
    do {
      let end = try await ProgramRun(
        executable: program, arguments: ["manifest"],
        environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"],
        output: .captured(limit: 4 << 20), timeout: .seconds(60)
      ).run()
      guard end.succeeded else { throw unusable("it ended with \(end.cause)", nil) }
      let manifest = try JSONDecoder().decode(PipelineManifest.self, from: end.output)
      guard manifest.version == PipelineManifest.currentVersion else {
        throw unusable("its manifest has version \(manifest.version)", nil)
      }
      return manifest
    } catch let error as ArchiveError {
      throw error
    } catch {
      throw unusable("\(error)", error)
    }
  }

  private func unusable(_ why: String, _ underlying: (any Error)?) -> ArchiveError {
    ArchiveError(
      code: "tmtrun-unusable", message: "tmtrun manifest does not answer: \(why)", subject: program,
      hint: "set [jobs] tmtrun in config/irisarchive.cfg, then irisarchive doctor", underlying: underlying
    )
  }

  private static func signature(_ path: String) -> [Int64] {
    var status = stat()
    guard stat(path, &status) == 0 else { return [] }
    return [
      Int64(bitPattern: UInt64(status.st_ino)), TreeScan.nanoseconds(status.st_mtim), Int64(status.st_size),
    ]
  }
}
