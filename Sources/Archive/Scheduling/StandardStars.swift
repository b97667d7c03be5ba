import Associations
import CfgFormat
import Crypto
import Foundation
import JobContract

/// The archive's list of stars of known magnitude (`config/standards.csv`), which zero points are measured with.
///
/// A pipeline with the step `zero_point` is given it, unless its own cfg says how bright its stars are. A frame whose star
/// is not in it waits for its line, and every frame waits while the list or the cfg has a fault: that is nothing to fail
/// for. Both files are read once, at the beginning.
package struct StandardStars: Sendable, Equatable {
  private static let step = "zero_point"
  /// What a cfg says it by.
  private static let keys: Set<String> = ["magnitude", "standards", "catalog"]

  package let path: String
  private let list: StarList
  /// What is wrong with the cfg or with the list, as a sentence; nil when nothing is.
  package let fault: String?

  /// nil for a pipeline without the step, and for one whose cfg has its own stars.
  package init?(_ pipeline: PipelineDescription, path: String, configuration: String?) {
    guard Self.concern(pipeline) else { return nil }
    let told = configuration.map(Self.told) ?? .no
    if told == .yes { return nil }
    self.path = path
    list = StarList(path: path)
    if case .fault(let sentence) = told { fault = sentence } else { fault = list.fault }
  }

  /// Pipelines with the step that needs them.
  static func concern(_ pipeline: PipelineDescription) -> Bool { pipeline.steps.contains(step) }

  /// What a cfg says of its stars.
  private enum Told: Equatable {
    case yes, no
    /// That cannot be known: a sentence.
    case fault(String)
  }

  /// A `config_file` may say it, too.
  private static func told(by configuration: String) -> Told {
    guard let data = FileManager.default.contents(atPath: configuration) else {
      return .fault("\(configuration) cannot be read; make it a file that the archive may read")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      return .fault("\(configuration) is not UTF-8 text, as a cfg is; iconv -t UTF-8")
    }
    let document: CfgDocument
    do throws(CfgError) {
      document = try CfgDocument(text: text, path: configuration)
    } catch {
      return .fault("the cfg has a fault: \(error)")
    }
    var sections = [document.root]
    while let section = sections.popLast() {
      sections += section.sections
      let said = section.entries.filter { $0.value != .none && $0.value.string != "" }
      if said.contains(where: { $0.key == "config_file" || keys.contains($0.key) }) { return .yes }
    }
    return .no
  }

  /// What its jobs are told.
  package var parameters: [String: String] { ["\(Self.step).standards": CfgValue.string(path).cfgText] }

  /// What is wrong with the list or the cfg, or the first star that the list lacks, as a sentence with what to do; nil
  /// when all are there.
  package func lacking(_ frames: [Exposure]) -> String? {
    if let fault { return fault }
    return frames.first { row(of: $0) == nil }.map { frame in
      "nobody said how bright '\(frame["object"] ?? "")' is in FILTER \(frame["filter"] ?? "?"): "
        + "add a line to \(path)"
    }
  }

  /// sha256 of what the list says of the frames' stars, and of the names of its columns: another star's line changes no
  /// zero point.
  package func fingerprint(of frames: [Exposure]) -> String {
    let lines = [list.head] + Set(frames.compactMap { row(of: $0)?.line }).sorted()
    return FileInspector.hexadecimal(SHA256.hash(data: Data(lines.joined(separator: "\n").utf8)))
  }

  private func row(of frame: Exposure) -> StarList.Row? {
    list.row(named: frame["object"] ?? "", filter: frame["filter"])
  }
}
