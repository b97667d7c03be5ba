import PipelineEngine
import Tables

extension ZeroPointSolution {
  /// The reference `photom`: one row for the frames' filter and pupil.
  func table(for frame: Frame) -> ProductTable {
    let metadata = frame.metadata
    let names = Array(Set(stars.map(\.name))).sorted().filter { !$0.isEmpty }
    var product = ProductTable(
      kind: "photom", dataModel: "TMTPhotomModel", extensionName: "PHOTOM",
      table: Table(
        Self.columns,
        rows: [
          [
            .string(metadata.filter ?? ""), .string(metadata.pupil ?? ""), Cell(ab), Cell(vega), Cell(error),
            .string(frame.unit), Cell(extinction), Cell(airmass), Cell(frame.modifiedJulianDate),
            .string(metadata.dateBegin.map(UTCTime.fits) ?? ""),
            .string(names.count == 1 ? names[0] : names.isEmpty ? "" : "\(names.count) stars"),
            Cell(mean.count), Cell(mean.scatter), Cell(radius), Cell(correction.value), Cell(mean.slope),
          ]
        ], name: "photom", description: "zero points of a detector"))
    product.header.set(
      "ZPSYSTEM", .string(isVega ? "Vega" : "AB"), comment: "system of the stars' magnitudes")
    return product
  }

  private static let columns = [
    Column("FILTER", .string, ucd: "meta.id;instr.filter", description: "filter"),
    Column("PUPIL", .string, ucd: "meta.id;instr", description: "pupil mask"),
    Column(
      "ZPAB", .double, unit: "mag", ucd: "phot.mag;arith.zp",
      description: "AB magnitude of 1 ZPUNIT above the air"),
    Column(
      "ZPVEGA", .double, unit: "mag", ucd: "phot.mag;arith.zp",
      description: "Vega magnitude of 1 ZPUNIT above the air"),
    Column(
      "ZPERR", .double, unit: "mag", ucd: "stat.error;phot.mag", description: "error of the zero points"),
    Column("ZPUNIT", .string, ucd: "meta.unit", description: "unit of the rate"),
    Column("EXTINCT", .double, unit: "mag", ucd: "phys.absorption", description: "extinction per airmass"),
    Column("AIRMASS", .double, ucd: "obs.airMass", description: "mean airmass of the standards"),
    Column("MJD", .double, unit: "d", ucd: "time.epoch;obs.exposure", description: "time of the first frame"),
    Column("DATE_OBS", .string, ucd: "time.start;obs.exposure", description: "start of the first frame, UTC"),
    Column("STANDARD", .string, ucd: "meta.id;src", description: "the standard, or how many"),
    Column("NSTARS", .int, ucd: "meta.number", description: "measurements used"),
    Column("SCATTER", .double, unit: "mag", ucd: "stat.stdev;phot.mag", description: "scatter of them"),
    Column("RADIUS", .double, unit: "pixel", ucd: "phys.angSize;instr.fov", description: "aperture radius"),
    Column(
      "APCORR", .double, unit: "mag", ucd: "arith.factor;phot.mag",
      description: "light beyond the aperture, -2.5 log(all/inside)"),
    Column("COLTERM", .double, ucd: "arith.factor", description: "change with the catalog's colour"),
  ]
}
