import Archive
import Foundation
import Logging

extension RootOptions {
  func staleness() throws -> StalenessService {
    let (path, settings) = (try path(), try settings())
    _ = try writer()
    return try StalenessService(
      root: path, settings: settings, tmtrun: Programs.tmtrun(root: path, settings: settings))
  }

  func associationControl() throws -> AssociationControl {
    _ = try writer()
    return try AssociationControl(
      root: try path(), settings: try settings(), user: NSUserName(),
      logger: Logger(label: "irisarchive", factory: { _ in SwiftLogNoOpLogHandler() }))
  }
}
