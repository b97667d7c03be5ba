// swift-tools-version: 6.2
// libFuzzer on the parsers that read what somebody else wrote. A package of its own: a fuzz target has no `main` and
// would break a plain `swift build`. See ../Tests/EndToEnd/Torture/README.md, or: make fuzz
import PackageDescription

/// One parser, fed with random bytes: `Sources/<name>`.
func fuzzer(_ name: String, _ rooms: [String]) -> Target {
  .executableTarget(
    name: name, dependencies: rooms.map { .product(name: $0, package: "irisarchive") },
    swiftSettings: [.swiftLanguageMode(.v6), .unsafeFlags(["-parse-as-library"])])
}

let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "irisarchive", path: "..")],
  targets: [
    fuzzer("FuzzFITS", ["FITSStructure"]),
    fuzzer("FuzzMapping", ["References"]),
    fuzzer("FuzzCfg", ["CfgFormat"]),
    fuzzer("FuzzAssociation", ["Associations", "JobContract"]),
  ]
)
