import Associations
import Foundation
import JobContract

/// Text as an association rule in YAML, and as an association in JSON: read or refused.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAssociation(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeBufferPointer(start: data, count: count)
  _ = try? AssociationRule(yaml: String(decoding: bytes, as: UTF8.self), path: "fuzz.yaml")
  if let file = try? JSONDecoder().decode(AssociationFile.self, from: Data(bytes)) {
    precondition((try? JSONDecoder().decode(AssociationFile.self, from: Data(file.json.utf8))) != nil)
  }
  return 0
}
