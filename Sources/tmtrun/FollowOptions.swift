import ArgumentParser
import DataModels
import Foundation
import PipelineEngine

/// `tmtrun readout --follow FOLDER`: reads are taken as they land.
struct FollowOptions: ParsableArguments {
  @Option(help: "Take the readouts of one exposure as they land in this folder (utr, cds or mcds).")
  var follow: String?

  @Option(help: "With --follow: the exposure, as DET_ID:EXP_NO; without it that of the first readout found.")
  var exposure: String?

  @Option(help: "With --follow: seconds without a new readout after which the exposure is taken as it is.")
  var wait: Double = 600

  func validate() throws {
    guard follow != nil || exposure == nil else { throw ValidationError("--exposure goes with --follow") }
    guard wait > 0, wait.isFinite else { throw ValidationError("--wait takes seconds, not \(wait)") }
    if let exposure, wanted(exposure) == nil {
      throw ValidationError("--exposure takes DET_ID:EXP_NO like IMG1:42, not '\(exposure)'")
    }
  }

  /// Waits for the first readout; nil when nothing is followed.
  func live() throws -> LiveReadouts? {
    guard let follow else { return nil }
    let watch = try FolderWatch(folder: follow)
    let only = exposure.flatMap(wanted)
    return try LiveReadouts(
      isWanted: { detector, number in
        only.map { $0.detector == detector && $0.number == number } ?? true
      },
      arrivals: { [wait] in try watch.next(within: wait) })
  }

  private func wanted(_ text: String) -> (detector: String, number: Int)? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, let number = Int(parts[1]) else { return nil }
    return (String(parts[0]), number)
  }
}
