import CInotifyTools

/// File systems that other machines write to behind this kernel's back: inotify tells nothing of that.
public enum NetworkFileSystem {
  /// Magic numbers of statfs(2) (linux/magic.h and the modules' own headers).
  private static let names: [UInt32: String] = [
    0x6969: "nfs", 0xff53_4d42: "cifs", 0xfe53_4d42: "smb2", 0x517b: "smb", 0x0102_1997: "9p",
    0x5346_414f: "afs", 0x6b41_4653: "afs", 0x00c3_6400: "ceph", 0x0bd0_0bd0: "lustre", 0x4750_4653: "gpfs",
    0x1983_0326: "beegfs", 0x7375_7245: "coda", 0x6573_5546: "fuse",
  ]

  /// Name of the network file system that a folder lies on; nil when it is a local one, or not there.
  public static func name(of folder: String) -> String? { name(magic: cinotify_file_system_type(folder)) }

  /// - Parameter magic: `f_type` of statfs(2).
  public static func name(magic: UInt32) -> String? { names[magic] }
}

/// How the watched folder is listened to.
package enum Listening: Sendable, Equatable {
  case inotify
  /// Looking every so many seconds, and why.
  case polling(seconds: Double, why: String)

  /// Seconds between looks where nobody said how many.
  package static let usualSeconds = 5.0

  /// - Parameters:
  ///   - asked: what the settings or the command line ask for; nil for events.
  ///   - network: name of a network file system under the folder, nil when it is local.
  package static func choose(asked: Double?, network: String?) -> Listening {
    if let asked { return .polling(seconds: asked, why: "") }
    guard let network else { return .inotify }
    return .polling(
      seconds: usualSeconds, why: "incoming is on \(network), where other machines' files raise no event")
  }

  /// For `status`.
  package var sentence: String {
    switch self {
    case .inotify: "inotify"
    case .polling(let seconds, ""): "polling every \(seconds) s"
    case .polling(let seconds, let why): "polling every \(seconds) s: \(why)"
    }
  }
}
