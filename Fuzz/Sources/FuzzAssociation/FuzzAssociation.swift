import Associations
import JobContract

/// Text as an association rule in YAML, and as an association in JSON.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAssociation(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: data, count: count), as: UTF8.self)
  _ = try? AssociationRule(yaml: text, path: "fuzz.yaml")
  return 0
}
