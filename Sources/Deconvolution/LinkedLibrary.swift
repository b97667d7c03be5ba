import CFFTW

/// The version of FFTW that is linked, e.g. `3.3.10-sse2-avx`.
public func fftwVersion() -> String {
  let text = String(cString: fftwf_version_text())
  return text.hasPrefix("fftw-") ? String(text.dropFirst(5)) : text
}
