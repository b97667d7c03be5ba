import Archive
import Associations
import CatalogStore
import ChildProcess
import FITSStructure
import Metadata
import References
import Settings
import Tables
import Template

/// The five fields that the error of every room has.
protocol ToldError: Error {
  var code: String { get }
  var message: String { get }
  var subject: String { get }
  var hint: String? { get }
  var underlying: (any Error)? { get }
}

extension ArchiveError: ToldError {}
extension AssociationsError: ToldError {}
extension CatalogError: ToldError {}
extension ChildProcessError: ToldError {}
extension FITSStructureError: ToldError {}
extension MetadataError: ToldError {}
extension ReferencesError: ToldError {}
extension SettingsError: ToldError {}
extension TablesError: ToldError {}
extension TemplateError: ToldError {}

/// What a command could not do: `error: <message> — <subject>`, then `hint: <hint>`.
struct CommandFailure: ToldError, CustomStringConvertible {
  let code: String
  let message: String
  let subject: String
  let hint: String?
  let underlying: (any Error)?

  init(code: String, message: String, subject: String, hint: String? = nil, underlying: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.subject = subject
    self.hint = hint
    self.underlying = underlying
  }

  init(_ error: any ToldError) {
    // The tables' room does not know which file it reads.
    let file = "config/classification.yaml"
    let names = error.code == "bad-classification" && !error.subject.contains(file)
    self.init(
      code: error.code, message: error.message, subject: names ? "\(file): \(error.subject)" : error.subject,
      hint: error.hint, underlying: error.underlying ?? error)
  }

  var status: ExitStatus { ExitStatus(code: code) }
  /// One line; what would break it is escaped.
  var description: String { Self.oneLine("\(message) — \(subject)") }

  static func oneLine(_ text: String) -> String {
    var line = ""
    for part in text.split(whereSeparator: \.isNewline) {
      let words = part.drop { $0 == " " }
      line += line.isEmpty ? words : " " + words
    }
    return String(
      String.UnicodeScalarView(line.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : $0 }))
  }
}
