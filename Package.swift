// swift-tools-version: 6.2
// The rooms of the house and who may import whom: see the table in README.md ("Where things are").
// ArchitectureTests reads the import lines and fails when a target imports more than its room allows.
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A room: one library target in `Sources/<path>`.
func room(
  _ name: String, path: String? = nil, _ dependencies: [Target.Dependency] = [],
  exclude: [String] = [], resources: [Resource] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/\(path ?? name)", exclude: exclude,
    resources: resources, swiftSettings: strict)
}

/// A command: one executable target.
func command(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies + [argumentParser], path: "Sources/\(name)", swiftSettings: strict)
}

/// A test target in `Tests/<path>`.
func tests(
  _ name: String, path: String? = nil, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(path ?? name)", exclude: exclude,
    swiftSettings: strict)
}

/// What tests of the reduction engine need besides the rooms they test.
let engine: [Target.Dependency] = [
  "PipelineEngine", "DataModels", "Metadata", "FITSIO", "FITSStructure", "Pixels", "JobContract", "CfgFormat",
  logging,
]

let package = Package(
  name: "irisarchive",
  products: [
    .executable(name: "irisarchive", targets: ["irisarchive"]),
    .executable(name: "tmtrun", targets: ["tmtrun"]),
    .executable(name: "irissim", targets: ["irissim"]),
  ]
    // What Fuzz/ tries with random bytes.
    + ["FITSStructure", "References", "CfgFormat", "Associations", "JobContract"].map {
      .library(name: $0, targets: [$0])
    },
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    // floor 1
    .systemLibrary(name: "CCFITSIO", path: "Sources/System/CCFITSIO"),
    .systemLibrary(name: "CFFTW", path: "Sources/System/CFFTW"),
    .systemLibrary(name: "CMalloc", path: "Sources/System/CMalloc"),
    .systemLibrary(name: "CInotify", path: "Sources/System/CInotify"),
    .systemLibrary(name: "CInotifyTools", path: "Sources/System/CInotifyTools"),
    .systemLibrary(name: "CLAPACKE", path: "Sources/System/CLAPACKE"),
    .systemLibrary(name: "CPNG", path: "Sources/System/CPNG"),
    .systemLibrary(name: "CSEP", path: "Sources/System/CSEP"),
    .systemLibrary(name: "CWCSLIB", path: "Sources/System/CWCSLIB"),
    .systemLibrary(name: "CZlib", path: "Sources/System/CZlib"),
    room("FITSStructure", ["CZlib"]),
    room("FITSIO", ["CCFITSIO", "FITSStructure"]),
    room("Pixels"),
    room("Tables"),
    room("CfgFormat"),
    // floor 2
    room("Metadata", ["FITSStructure", yams], resources: [.embedInCode("Schemas")]),
    room("DataModels", ["FITSIO", "FITSStructure", "Pixels", "Metadata", "Tables"]),
    room("Astrometry", ["CLAPACKE", "CWCSLIB", "FITSStructure"]),
    room("SourceExtraction", ["CSEP", "Pixels"]),
    room("Deconvolution", ["CFFTW", "Pixels"]),
    room("References", [crypto]),
    room("Associations", ["JobContract", yams]),
    room("JobContract"),
    room("Settings", ["CfgFormat"]),
    room("ChildProcess", [subprocess]),
    // floor 3
    room("CatalogStore", [grdb, sqlite, "Tables", "JobContract", "Metadata", "CZlib"]),
    room(
      "PipelineEngine",
      [
        "DataModels", "Metadata", "FITSIO", "FITSStructure", "Pixels", "Astrometry", "References",
        "CfgFormat",
        // ChildProcess: pre_hooks and post_hooks of steps are programs of their own.
        "JobContract", "ChildProcess", "Tables", crypto, logging,
      ]),
    room("ReferenceDesk", ["References", "Metadata", "FITSStructure", "Tables"]),
    room("Executors", ["JobContract", "ChildProcess", logging]),
    room("QuickLook", ["Pixels", "CPNG", "CZlib"]),
    // floor 4
    room(
      "ReadoutSteps", path: "Steps/Readout", ["PipelineEngine", "JobContract", "DataModels", "Pixels"],
      exclude: [
        "DQInit/README.md", "DropReads/README.md", "Jump/README.md", "Linearity/README.md",
        "Persistence/README.md", "RampFit/README.md", "ReferencePixels/README.md", "Saturation/README.md",
        "Superbias/README.md",
      ]),
    room(
      "SharedSteps", path: "Steps/Shared",
      ["PipelineEngine", "JobContract", "DataModels", "Pixels", "Astrometry", "SourceExtraction"],
      exclude: [
        "AssignWCS/README.md", "Background2D/README.md", "BackgroundSubtract/README.md",
        "DarkCurrent/README.md",
        "FlatField/README.md", "MaskSources/README.md",
      ]),
    room(
      "ImagerSteps", path: "Steps/Imager",
      [
        "PipelineEngine", "JobContract", "DataModels", "Pixels", "Astrometry", "SourceExtraction",
        "Deconvolution",
        "Tables",
      ],
      exclude: [
        "Deconvolve/README.md",
        "DistortionSolve/README.md",
        "LACosmic/README.md",
        "MergeSubarrays/README.md",
        "OutlierDetection/README.md",
        "ParseSubarrayMap/README.md",
        "Photom/README.md",
        "Resample/README.md",
        "ScaledSkyImager/README.md",
        "SkyMatch/README.md",
        "SourceCatalog/README.md",
        "TweakReg/README.md",
        "ZeroPoint/README.md",
      ]),
    room(
      "CalibrationSteps", path: "Steps/Calibration",
      ["PipelineEngine", "JobContract", "DataModels", "Pixels"],
      exclude: [
        "CombineFrames/README.md", "FlagBadPixels/README.md", "FlagDark/README.md", "FlagSamples/README.md",
        "GainScale/README.md", "Normalize/README.md", "ScaleFrames/README.md", "SelectFlats/README.md",
        "SlicerResponse/README.md", "SubtractImages/README.md",
      ]),
    // floor 5
    room("Pipelines", ["ReadoutSteps", "SharedSteps", "ImagerSteps", "CalibrationSteps", "PipelineEngine"]),
    room("Simulator", ["DataModels", "Metadata", "Pixels", "FITSIO", "FITSStructure", "Astrometry"]),
    room(
      "Archive",
      [
        "CatalogStore", "Associations", "References", "ReferenceDesk", "Executors", "FITSStructure",
        "Metadata",
        "JobContract", "Settings", "CfgFormat", "ChildProcess", crypto, logging, lifecycle, unixSignals,
        "CInotifyTools",
      ]),
    room("Template", exclude: ["generate.sh"], resources: [.embedInCode("template.json")]),
    // floor 6
    command(
      "irisarchive",
      [
        "Archive", "Associations", "CatalogStore", "Tables", "Settings", "Template", "Metadata",
        "References", "ReferenceDesk", "FITSStructure", "JobContract", "ChildProcess", crypto, logging,
      ]),
    command(
      "tmtrun",
      [
        "Pipelines", "PipelineEngine", "QuickLook", "References", "ReferenceDesk", "Associations",
        "SourceExtraction", "Deconvolution", "JobContract",
        "CfgFormat", "Metadata", "FITSIO", "FITSStructure", "Pixels", "Tables", "Template", "DataModels",
        "CInotify", "CMalloc", logging,
      ]),
    command("irissim", ["Simulator"]),
    // The C readout library's arithmetic, as fast as its own makefile makes it.
    .target(
      name: "CReadoutLoops", path: "Benchmarks/CReadoutLoops", cSettings: [.unsafeFlags(["-O3"])]),
    .executableTarget(
      name: "irisbench",
      dependencies: [
        "Pixels", "SourceExtraction", "CSEP", "CReadoutLoops", "FITSIO", "FITSStructure", "CCFITSIO",
        "CMalloc",
        "References", argumentParser,
      ],
      path: "Benchmarks/irisbench", swiftSettings: strict),
    // tests
    tests("AstrometryTests", ["Astrometry", "FITSStructure"]),
    tests("AssociationsTests", ["Associations", "JobContract"]),
    tests(
      "ArchiveTests",
      [
        "Archive", "Associations", "CatalogStore", "ChildProcess", "DataModels", "Executors", "FITSStructure",
        "JobContract", "Metadata", logging,
      ]),
    tests("ArchitectureTests", []),
    tests("PixelsTests", ["Pixels"]),
    tests("SourceExtractionTests", ["SourceExtraction", "CSEP", "Pixels", "FITSIO"]),
    tests("DeconvolutionTests", ["Deconvolution", "Pixels"]),
    tests("ChildProcessTests", ["ChildProcess"]),
    tests("ExecutorsTests", ["Executors", "JobContract", logging]),
    tests("TemplateTests", ["Template", "ChildProcess"]),
    tests("CfgFormatTests", ["CfgFormat"]),
    tests("ReferencesTests", ["References"]),
    tests("SettingsTests", ["Settings", "CfgFormat"]),
    tests("FITSStructureTests", ["FITSStructure", "CZlib"]),
    tests("FITSIOTests", ["FITSIO", "FITSStructure", "CCFITSIO"]),
    tests("MetadataTests", ["Metadata", "FITSStructure"]),
    tests("TablesTests", ["Tables"]),
    tests("DataModelsTests", ["DataModels", "FITSIO", "FITSStructure", "Pixels"]),
    tests("SimulatorTests", ["Simulator", "DataModels", "Metadata", "FITSIO", "Pixels", "Astrometry"]),
    tests("PipelineEngineTests", engine),
    tests("QuickLookTests", ["QuickLook", "Pixels", "CZlib"]),
    tests(
      "StepsTests", engine + ["ReadoutSteps", "SharedSteps", "ImagerSteps", "CalibrationSteps", "Astrometry"]),
    tests(
      "PipelinesTests", engine + ["Pipelines", "ReadoutSteps", "SharedSteps", "Simulator", "Astrometry"]),
    tests(
      "ScienceTests", engine + ["Pipelines", "SharedSteps", "ImagerSteps", "Simulator", "Astrometry"]),
    tests("TmtrunTests", engine + ["Pipelines", "ChildProcess"]),
    tests("CatalogStoreTests", ["CatalogStore", "JobContract"]),
    tests("CommandTests", ["CatalogStore", "ChildProcess", crypto]),
    tests(
      "EndToEndTests", path: "EndToEnd",
      [
        "CatalogStore", "FITSStructure", "ChildProcess", "DataModels", "Pixels", "CCFITSIO", "CZlib", grdb,
        crypto,
      ], exclude: ["Torture/README.md", "Torture/run.sh"]),
  ]
)
