import Crypto
import Foundation
import JobContract

/// The key of a job: equal keys are equal reductions.
package enum JobKey {
  /// sha256 over pipeline, software version, configuration, member and reference contents, in fixed order.
  ///
  /// - Parameters:
  ///   - skips: steps that the rule leaves out.
  ///   - again: tells a job from an equal one that was done, where it is to be done once more.
  package static func key(
    pipeline: String, software: String, configuration: String?, inputs: [JobInput],
    references: [ResolvedReference], skips: [String] = [], again: String? = nil
  ) -> String {
    var lines = ["pipeline \(pipeline)", "software \(software)", "configuration \(configuration ?? "-")"]
    lines += inputs.map { "\($0.exptype.rawValue) \($0.sha256)" }.sorted()
    lines += inputs.compactMap { input in input.cards.map { "\(input.sha256) \($0.joined())" } }.sorted()
    lines += references.map { "\($0.type) \($0.origin.rawValue) \($0.sha256 ?? "-") \($0.lastResort)" }
      .sorted()
    lines += skips.sorted().map { "skip \($0)" }
    if let again { lines.append("again \(again)") }
    let text = lines.joined(separator: "\n")
    return FileInspector.hexadecimal(SHA256.hash(data: Data(text.utf8)))
  }
}
