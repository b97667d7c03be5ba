import Foundation
import Glibc

extension TestArchive {
  /// Puts a shell script in the place of `tmtrun`. `body` sees `$JOB`, the path of `job.json`, and `$ROOT`; when it is
  /// through, or for any other use than a job, the real program takes over.
  func useProgram(_ body: String, manifest: String = "exec \"$REAL\" \"$@\"") throws {
    let path = root + "/program"
    let script = """
      #!/bin/sh
      PATH=/usr/bin:/bin ROOT='\(root)' REAL='\(Programs.tmtrun)'
      case "$1" in
      --job) JOB="$2"
      \(body)
      ;;
      manifest) \(manifest) ;;
      esac
      exec "$REAL" "$@"

      """
    try install(script, at: path)
    try configure(["jobs": ["tmtrun": path]])
  }

  /// Lets jobs go on that wait for `$ROOT/gate`.
  func openGate() { _ = FileManager.default.createFile(atPath: root + "/gate", contents: nil) }

  /// The failed and dead jobs that `status` tells of, with what it says to do next.
  func concerns() async throws -> [(name: String, state: String, reason: String, next: String)] {
    (try await status()["failed"] as? [[String: any Sendable]] ?? []).map { row in
      func text(_ key: String) -> String { row[key] as? String ?? "" }
      return (text("name"), text("state"), text("reason"), text("next"))
    }
  }
}
