import Foundation

/// The files of a new archive, carried inside the program: `config`, `catalog`, `hooks` and `crds` as this version has
/// them.
///
/// A record of what was laid (`catalog/template.json`) tells an edited file from one of an older version.
public struct ArchiveTemplate: Sendable {
  /// Where the record of what was laid is kept, relative to the root.
  public static let recordPath = "catalog/template.json"

  /// Folders of an archive that hold no file at first.
  public static let folders = ["incoming", "products", "work", "logs", "crds/references/tmt/iris"]

  /// The files this program carries, in order of their paths.
  public static let files = ArchiveTemplate.embedded.files

  /// The template this program carries.
  public static let embedded = ArchiveTemplate(json: Data(PackageResources.template_json))

  public let files: [TemplateFile]

  public init(files: [TemplateFile]) {
    self.files = files
  }

  private init(json: Data) {
    do {
      files = try JSONDecoder().decode([TemplateFile].self, from: json)
    } catch {
      preconditionFailure("the template inside this program is broken (make template): \(error)")
    }
  }

  /// Lays the folders and files down under `root`; safe to repeat.
  ///
  /// A file that is missing is created (again), one that an earlier template laid and nobody edited is brought up to
  /// date, and one that differs from both is left alone and gets a `.new` beside it. Links are never replaced.
  ///
  /// - Returns: what was done, folders first, then files in order of their paths.
  /// - Throws: ``TemplateError``; what was laid before stays, and a repetition goes on from there.
  @discardableResult
  public func lay(at root: String) throws(TemplateError) -> [LaidFile] {
    let ground = Ground(root: root)
    var laid: [LaidFile] = []
    for folder in Self.folders {
      laid.append(LaidFile(path: folder + "/", action: try ground.make(folder: folder) ? .created : .kept))
    }
    let earlier = Dictionary(
      ground.record().map { ($0.path, $0.text) }, uniquingKeysWith: { _, last in last })
    for file in files {
      laid.append(LaidFile(path: file.path, action: try lay(file, on: ground, earlier: earlier[file.path])))
    }
    try ground.write(record: files)
    return laid
  }

  private func lay(
    _ file: TemplateFile, on ground: Ground, earlier: String?
  ) throws(TemplateError) -> LaidFile.Action {
    switch try ground.find(file.path) {
    case .nothing:
      try ground.write(file.text, to: file.path, permissions: file.permissions)
      return .created
    case .file(let text, _) where text == Data(file.text.utf8):
      return .kept
    case .file(let text, isLink: false) where text == earlier.map({ Data($0.utf8) }):
      try ground.write(file.text, to: file.path, permissions: file.permissions)
      return .updated
    case .file:
      try ground.write(file.text, to: file.path + ".new", permissions: 0o644)
      return .newBeside
    }
  }
}
