import CWCSLIB

/// The version of wcslib that is linked, e.g. `7.12`.
public func wcslibVersion() -> String { wcslib_version(nil).map { String(cString: $0) } ?? "" }
