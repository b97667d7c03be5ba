import Associations
import CfgFormat
import Crypto
import Foundation
import JobContract

/// The archive's list of stars of known magnitude (`config/standards.csv`), which zero points are measured with.
///
/// A pipeline with the step `zero_point` is given it, unless its own cfg says how bright its stars are. A frame whose star
/// is not in it waits for its line: that is nothing to fail for.
package struct StandardStars: Sendable, Equatable {
  private static let step = "zero_point"
  /// What a cfg says it by.
  private static let keys: Set<String> = ["magnitude", "standards", "catalog"]

  package let path: String

  /// nil for a pipeline without the step, and for one whose cfg has its own stars.
  package init?(_ pipeline: PipelineDescription, path: String, configuration: String?) {
    guard pipeline.steps.contains(Self.step), !(configuration.map(Self.isTold) ?? false) else { return nil }
    self.path = path
  }

  /// A `config_file` may say it, too.
  private static func isTold(by configuration: String) -> Bool {
    guard let text = try? String(contentsOfFile: configuration, encoding: .utf8),
      let document = try? CfgDocument(text: text, path: configuration)
    else { return false }
    var sections = [document.root]
    while let section = sections.popLast() {
      sections += section.sections
      let said = section.entries.filter { $0.value != .none && $0.value.string != "" }
      if said.contains(where: { $0.key == "config_file" || keys.contains($0.key) }) { return true }
    }
    return false
  }

  /// What its jobs are told.
  package var parameters: [String: String] { ["\(Self.step).standards": CfgValue.string(path).cfgText] }

  /// The first star that the list lacks, as a sentence with what to do; nil when all are there.
  package func lacking(_ frames: [Exposure]) -> String? {
    let stars = stars()
    return frames.first { Self.star(of: $0, in: stars) == nil }.map { frame in
      "nobody said how bright '\(frame["object"] ?? "")' is in FILTER \(frame["filter"] ?? "?"): "
        + "add a line to \(path)"
    }
  }

  /// sha256 of what the list says of the frames' stars: another star's line changes no zero point.
  package func fingerprint(of frames: [Exposure]) -> String {
    let stars = stars()
    let lines = Set(frames.compactMap { Self.star(of: $0, in: stars)?.line }).sorted()
    return FileInspector.hexadecimal(SHA256.hash(data: Data(lines.joined(separator: "\n").utf8)))
  }

  private struct Star {
    var name: String
    var filter: String
    var line: String
  }

  private static func star(of frame: Exposure, in stars: [Star]) -> Star? {
    stars.first { star in
      star.name == plain(frame["object"] ?? "")
        && (star.filter.isEmpty || star.filter == frame["filter"]?.lowercased())
    }
  }

  private func stars() -> [Star] {
    (try? String(contentsOfFile: path, encoding: .utf8)).map(Self.stars) ?? []
  }

  /// Names and filters; what else is wrong with a line the step says.
  private static func stars(_ text: String) -> [Star] {
    let lines = text.split(whereSeparator: \.isNewline).filter {
      !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace)
    }
    let rows = lines.map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: " \t\"")).lowercased()
      }
    }
    guard let names = rows.first, let name = names.firstIndex(of: "name") else { return [] }
    let filter = names.firstIndex(of: "filter")
    return rows.dropFirst().filter { $0.count > name }.map { row in
      Star(
        name: plain(row[name]), filter: filter.flatMap { row.indices.contains($0) ? row[$0] : nil } ?? "",
        line: row.joined(separator: ","))
    }
  }

  /// As the step compares names.
  private static func plain(_ name: String) -> String {
    name.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "+" || $0 == "-" }
  }
}
