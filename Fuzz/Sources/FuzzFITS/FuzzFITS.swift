import FITSStructure
import Glibc

/// Bytes as a file: structure, headers, cards and checksums. The two ways to read must agree.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFITS(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let descriptor = memfd_create("fuzz", UInt32(MFD_CLOEXEC))
  precondition(descriptor >= 0)
  defer { close(descriptor) }
  precondition(write(descriptor, data, count) == count)
  let limits = Limits(maxInflatedBytes: 8 << 20, inflatedBytesAlwaysAllowed: 1 << 20)
  var seen = 0
  guard
    let (verified, verdicts) = try? FileStructure.readVerifying(
      descriptor: descriptor, hasWriter: false, limits: limits, onBytes: { seen += $0.count }),
    let plain = try? FileStructure.read(descriptor: descriptor, hasWriter: false, limits: limits)
  else { return 0 }
  precondition(seen == count, "each byte is shown once")
  precondition(plain.completeness == verified.completeness, "both ways agree")
  precondition(verdicts.count <= verified.hdus.count)
  for hdu in verified.hdus {
    precondition(hdu.header.text.unicodeScalars.count % 80 == 0)
    for card in hdu.header.cards where card.value != nil { _ = try? card.printable.formatted() }
  }
  return 0
}
