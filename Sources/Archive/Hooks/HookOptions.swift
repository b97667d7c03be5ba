import CfgFormat
import ChildProcess
import Foundation
import Glibc

/// What a sidecar `hooks/<event>.cfg` sets for the hooks of an event.
///
/// A value that cannot be read keeps its default, so that the event is still told, and is a fault that `hooks list`,
/// `doctor` and `status` show; a sidecar that somebody else may write is not read at all.
public struct HookOptions: Sendable, Equatable {
  static let keys = ["match", "timeout", "retries", "concurrency"]

  /// Glob on the event's subject; nil for all.
  public var match: String?
  /// nil: the archive's own.
  public var timeoutSeconds: Double?
  /// Further attempts after the first.
  public var retries: Int = 5
  /// Calls of one hook at a time.
  public var concurrency: Int = 4
  /// What is wrong with the sidecar, each with file and line.
  public var faults: [String] = []

  public init() {}

  /// Reads the sidecar at `path`; all defaults when there is none.
  ///
  /// - Parameter user: who but root may own it.
  public static func read(_ path: String, user: uid_t = geteuid()) -> HookOptions {
    var options = HookOptions()
    guard access(path, F_OK) == 0 else { return options }
    if let fault = TrustedPath.fault(of: path, user: user, mustBeExecutable: false) {
      options.faults = ["\(path) is not read: \(fault)"]
      return options
    }
    do {
      let document = try CfgDocument(text: try String(contentsOfFile: path, encoding: .utf8), path: path)
      for entry in document.root.entries {
        if let fault = options.set(entry.key, entry.value.string) {
          options.faults.append("\(path):\(entry.line): \(fault)")
        }
      }
      options.faults += document.root.sections.map {
        "\(path):\($0.line): a hook's settings have no section [\($0.name)]"
      }
    } catch let error as CfgError {
      options.faults.append("\(error.subject): \(error.message)")
    } catch {
      options.faults.append("\(path): \(error.localizedDescription)")
    }
    return options
  }

  /// Takes one value over; returns why it will not do.
  private mutating func set(_ key: String, _ value: String?) -> String? {
    let value = value ?? ""
    let fault: (String) -> String = { "'\(value)' will not do for \(key): \($0)" }
    switch key {
    case "match":
      guard !value.isEmpty else { return fault("one glob of subjects such as 'IMG1-*'") }
      match = value
    case "timeout":
      guard let seconds = Self.seconds(value) else { return fault("a time such as '30 s', '2 min'") }
      timeoutSeconds = seconds
    case "retries":
      guard let count = Int(value), 0...100 ~= count else { return fault("a whole number from 0 to 100") }
      retries = count
    case "concurrency":
      guard let count = Int(value), 1...256 ~= count else { return fault("a whole number from 1 to 256") }
      concurrency = count
    default: return "there is no setting '\(key)'; known: \(Self.keys.joined(separator: " "))"
    }
    return nil
  }

  /// `30`, `30 s`, `500 ms`, `2 min` or `1 h`, a tenth of a second to a day; nil when it is none of them.
  private static func seconds(_ text: String) -> Double? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let units: [String: Double] = ["": 1, "s": 1, "ms": 0.001, "min": 60, "h": 3600]
    let unit = text.dropFirst(digits.count).trimmingCharacters(in: .whitespaces)
    guard let number = Double(digits), let scale = units[unit] else { return nil }
    return 0.1...86_400 ~= number * scale ? number * scale : nil
  }
}
