import CfgFormat
import ChildProcess
import Glibc

/// Executables that run before and after a step, or a whole pipeline: `pre_hooks`, `post_hooks`, `hooks_timeout`.
public struct RunHooks: Sendable, Equatable {
  /// Absolute paths, in the order they run.
  public internal(set) var pre = Layered<[String]>([])
  public internal(set) var post = Layered<[String]>([])
  /// Time that each of them may take.
  public internal(set) var timeoutSeconds = Layered(RunHooks.defaultTimeoutSeconds)

  /// How long a hook may take unless the cfg says otherwise, seconds.
  public static let defaultTimeoutSeconds = 300.0

  /// Keys of a cfg.
  static let keys = ["pre_hooks", "post_hooks", "hooks_timeout"]

  public var isEmpty: Bool { pre.value.isEmpty && post.value.isEmpty }
  var all: [String] { pre.value + post.value }

  /// Sets one of the keys; relative paths are meant from the current folder (a cfg's are made absolute before).
  mutating func set(
    _ key: String, _ value: CfgValue, of owner: String, from origin: ParameterSet.Origin, place: String?
  ) throws(EngineError) {
    let name = owner + "." + key
    guard key != "hooks_timeout" else {
      guard let text = value.string, let seconds = Double(text), seconds > 0, seconds <= 86_400 else {
        throw RunConfiguration.bad(
          "'\(value.cfgText)' is no time-out", name, place, hint: "seconds, above 0 and at most 86400")
      }
      return timeoutSeconds.set(seconds, from: origin, at: place)
    }
    var paths: [String] = []
    for path in Self.paths(value, isText: place == nil) {
      paths.append(try Self.executable(path, name: name, place: place))
    }
    if key == "pre_hooks" { pre.set(paths, from: origin, at: place) }
    if key == "post_hooks" { post.set(paths, from: origin, at: place) }
  }

  /// On the command line a list is one text with commas.
  private static func paths(_ value: CfgValue, isText: Bool) -> [String] {
    guard isText, let text = value.string else { return (value.list ?? []).filter { !$0.isEmpty } }
    return text == "None" ? [] : text.split(separator: ",").map(String.init)
  }

  private static func executable(_ path: String, name: String, place: String?) throws(EngineError) -> String {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw RunConfiguration.bad(
        "there is no hook '\(path)'", name, place,
        hint: "a hook is an executable file, named by its path relative to the cfg")
    }
    guard status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0 else {
      throw RunConfiguration.bad(
        "the hook '\(path)' is no executable file", name, place, hint: "chmod +x \(path)")
    }
    // A link stays a link: a job does not follow it.
    return TrustedPath.withRealFolder(path)
  }
}
