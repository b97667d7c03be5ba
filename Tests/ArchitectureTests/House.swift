/// A room of the house: a target, the folder of its sources, its floor, and all that it may import besides
/// ``House/free``.
struct Room: Sendable {
  let name: String
  /// Relative to `Sources/`.
  let folder: String
  let floor: Int
  let mayImport: Set<String>
  /// What it must not reach, even through other rooms.
  let mustNotReach: Set<String>

  init(
    _ floor: Int, _ name: String, in folder: String? = nil, _ mayImport: Set<String> = [],
    notReaching mustNotReach: Set<String> = []
  ) {
    self.name = name
    self.folder = folder ?? name
    self.floor = floor
    self.mayImport = mayImport
    self.mustNotReach = mustNotReach
  }
}

/// Who may import whom. Floors are one-way: a room uses rooms on lower floors, except where ``beside`` says
/// so.
enum House {
  /// The language and the system: free for all.
  static let free: Set<String> = ["Foundation", "Glibc", "Synchronization", "Dispatch", "Swift"]

  /// Rooms that may use one on their own floor.
  static let beside: [String: Set<String>] = [
    "FITSStructure": ["CZlib"], "FITSIO": ["CCFITSIO", "FITSStructure"], "DataModels": ["Metadata"],
    "Associations": ["JobContract"], "QuickLook": ["CPNG", "CZlib"],
  ]

  private static let steps: Set<String> = [
    "ReadoutSteps", "SharedSteps", "ImagerSteps", "SpectroscopySteps", "CalibrationSteps",
  ]
  /// What the daemon must never be linked with: CFITSIO crashes on hostile files, and pixels belong to jobs.
  private static let pixelSide: Set<String> = steps.union([
    "FITSIO", "CCFITSIO", "CLAPACKE", "CWCSLIB", "Astrometry", "CSEP", "SourceExtraction", "CFFTW",
    "Deconvolution", "DataModels",
    "Pixels",
    "PipelineEngine", "Pipelines",
    "Simulator", "QuickLook",
  ])
  private static let catalogSide: Set<String> = [
    "Archive", "CatalogStore", "GRDB", "GRDBSQLite", "WebServer",
  ]

  static let rooms: [Room] = [
    Room(1, "CCFITSIO", in: "System/CCFITSIO"),
    Room(1, "CFFTW", in: "System/CFFTW"),
    Room(1, "CMalloc", in: "System/CMalloc"),
    Room(1, "CInotify", in: "System/CInotify"),
    Room(1, "CInotifyTools", in: "System/CInotifyTools"),
    Room(1, "CLAPACKE", in: "System/CLAPACKE"),
    Room(1, "CPNG", in: "System/CPNG"),
    Room(1, "CSEP", in: "System/CSEP"),
    Room(1, "CWCSLIB", in: "System/CWCSLIB"),
    Room(1, "CZlib", in: "System/CZlib"),
    Room(1, "FITSStructure", ["CZlib"]),
    Room(1, "FITSIO", ["CCFITSIO", "FITSStructure"]),
    Room(1, "Pixels"),
    Room(1, "Tables"),
    Room(1, "CfgFormat"),
    Room(2, "Metadata", ["FITSStructure", "Yams"]),
    Room(2, "DataModels", ["FITSIO", "FITSStructure", "Pixels", "Metadata", "Tables"]),
    Room(2, "Astrometry", ["CLAPACKE", "CWCSLIB", "FITSStructure"]),
    Room(2, "SourceExtraction", ["Pixels", "CSEP"]),
    Room(2, "Deconvolution", ["Pixels", "CFFTW"]),
    Room(2, "References", ["Crypto"]),
    Room(2, "Associations", ["JobContract", "Yams"]),
    Room(2, "JobContract"),
    Room(2, "Settings", ["CfgFormat"]),
    Room(2, "ChildProcess", ["Subprocess"]),
    Room(3, "CatalogStore", ["GRDB", "GRDBSQLite", "CZlib", "Tables", "JobContract", "Metadata"]),
    Room(
      3, "PipelineEngine",
      [
        "DataModels", "Metadata", "FITSIO", "FITSStructure", "Pixels", "Astrometry", "References",
        "CfgFormat",
        // ChildProcess: pre_hooks and post_hooks of steps are programs of their own.
        "JobContract", "ChildProcess", "Tables",
        "Crypto", "Logging",
      ], notReaching: catalogSide),
    Room(
      3, "ReferenceDesk", ["References", "Metadata", "FITSStructure", "Tables"],
      notReaching: pixelSide.union(catalogSide)),
    Room(3, "Executors", ["JobContract", "ChildProcess", "Logging"], notReaching: pixelSide),
    Room(3, "QuickLook", ["Pixels", "CPNG", "CZlib"]),
    step("ReadoutSteps", in: "Readout"),
    step("SharedSteps", in: "Shared"),
    // Deconvolution: FFTW is under the GPL, and only what needs it is linked with it.
    step("ImagerSteps", in: "Imager", ["Deconvolution"]),
    step("SpectroscopySteps", in: "Spectroscopy"),
    step("CalibrationSteps", in: "Calibration"),
    Room(5, "Pipelines", steps.union(["PipelineEngine"]), notReaching: catalogSide),
    Room(
      5, "Simulator", ["DataModels", "Metadata", "Pixels", "FITSIO", "FITSStructure", "Astrometry"],
      notReaching: catalogSide),
    Room(
      5, "Archive",
      [
        "CatalogStore", "Associations", "References", "ReferenceDesk", "Executors", "FITSStructure",
        "Metadata",
        "JobContract", "Settings", "CfgFormat", "ChildProcess", "Crypto", "Logging", "ServiceLifecycle",
        "UnixSignals", "CInotifyTools",
      ], notReaching: pixelSide),
    Room(5, "Template"),
    Room(
      5, "WebServer", ["CatalogStore", "Tables", "Hummingbird"], notReaching: pixelSide.union(["Archive"])),
    Room(
      6, "irisarchive",
      [
        "Archive", "WebServer", "CatalogStore", "Associations", "Executors", "Tables", "Settings",
        "CfgFormat",
        "Template", "Metadata", "References", "ReferenceDesk", "FITSStructure", "JobContract", "ChildProcess",
        "Crypto",
        "Logging", "ServiceLifecycle", "ArgumentParser",
      ], notReaching: pixelSide),
    Room(
      6, "tmtrun",
      [
        "Pipelines", "PipelineEngine", "QuickLook", "DataModels", "Metadata", "FITSIO", "FITSStructure",
        "Pixels", "References", "ReferenceDesk", "Associations", "SourceExtraction", "Deconvolution",
        "Tables",
        "Template",
        "CfgFormat",
        "JobContract", "Crypto", "Logging", "ArgumentParser", "CInotify",
        "CMalloc",
      ], notReaching: catalogSide),
    Room(
      6, "irissim",
      ["Simulator", "DataModels", "Metadata", "FITSIO", "FITSStructure", "Pixels", "ArgumentParser"],
      notReaching: catalogSide),
  ]

  /// Step targets know the engine and the models and what `further` names, never each other.
  private static func step(_ name: String, in stage: String, _ further: Set<String> = []) -> Room {
    Room(
      4, name, in: "Steps/\(stage)",
      further.union([
        "PipelineEngine", "JobContract", "DataModels", "Pixels", "Astrometry", "SourceExtraction", "Tables",
      ]), notReaching: steps.subtracting([name]))
  }
}
