import PipelineEngine
import Pixels

extension StepContext {
  /// The error of the dark of this name, which earlier runs took out of `frame` and of others; nil where the run's
  /// dark is another or there is none.
  func earlierDark(named name: String, for frame: Frame) throws -> SharedError? {
    guard let path = resolved("dark").path, fileName(of: path) == name,
      let dark = try reference("dark", for: frame)
    else { return nil }
    return SharedError(of: dark.pixels, named: name)
  }
}

extension Frame {
  /// The bare name of the dark that an earlier run subtracted and whose error is still in the frame as it was; nil
  /// where the frame holds its dark or says no name, or where a sky or a flat changed that error since.
  var earlierDark: String? {
    guard darkShare == 0, status("S_DARK") == "COMPLETE", status("S_FLAT") != "COMPLETE",
      !hadBackgroundSubtracted, let name = header.string("R_DARK"), !name.isEmpty, name != "N/A"
    else { return nil }
    return fileName(of: name)
  }
}

extension DarkCurrentStep {
  /// Keeps apart the error of a dark that earlier runs subtracted from several frames of a set, where that dark is at
  /// hand; else the report says that the error of their mean will be too small.
  func setEarlierDarkApart(in work: inout Workpiece, _ context: StepContext) throws {
    guard work.frames.count > 1 else { return }
    let frames = Dictionary(grouping: work.frames.indices) { work.frames[$0].earlierDark }
    for case (let name?, let indices) in frames.sorted(by: { $0.value[0] < $1.value[0] }) {
      if let error = try context.earlierDark(named: name, for: work.frames[indices[0]]) {
        for i in indices { try work.frames[i].setApart(error) }
      } else if indices.count > 1 {
        context.note(
          "\(indices.count) frames had the same dark subtracted (\(name)), which is not at hand: its error is taken for "
            + "independent and ERR of their mean is too small")
      }
    }
  }
}
