import Archive
import CatalogStore
import Testing

@Suite struct MissingFilesTests {
  private let absent = [
    CatalogPlace(path: "/in/a.fits", device: 1), CatalogPlace(path: "/in/disk/b.fits", device: 2),
    CatalogPlace(path: "/in/shut/c.fits", device: 1),
  ]

  private func judge(
    seen devices: Set<Int64>, unreadable: [String] = []
  ) -> (gone: [String], outOfSight: Int) {
    var listing = TreeScan.Listing()
    listing.devices = devices
    listing.unreadable = unreadable
    return MissingFiles.judge(absent, listing, seen: PlaceComparison(listing).seenDevices)
  }

  @Test func onlyWhatLayOnADiskThatWasSeenIsGone() {
    let one = judge(seen: [1], unreadable: ["/in/shut"])
    #expect(one.gone == ["/in/a.fits"] && one.outOfSight == 2)
    let both = judge(seen: [1, 2])
    #expect(both.gone == absent.map(\.path) && both.outOfSight == 0)
  }

  @Test func aFolderThatIsAwayOrUnmountedSaysNothing() {
    let away = judge(seen: [], unreadable: ["/in"])
    #expect(away.gone == [] && away.outOfSight == 3)
    // The empty folder under a mount point lies on another disk.
    let unmounted = judge(seen: [7])
    #expect(unmounted.gone == [] && unmounted.outOfSight == 3)
  }

  @Test func aLookAtMoreReplacesWhatALookAtLessSaid() {
    let part = MissingFiles.sentence(3, "/in/disk")
    let whole = MissingFiles.sentence(2, "/in")
    #expect(MissingFiles.replaces(part, folder: "/in") && MissingFiles.replaces(part, folder: "/in/disk"))
    #expect(MissingFiles.replaces(whole, folder: "/in") && MissingFiles.replaces(nil, folder: "/in/disk"))
    #expect(!MissingFiles.replaces(whole, folder: "/in/disk"))
    #expect(!MissingFiles.replaces(MissingFiles.sentence(1, "/in/disk2"), folder: "/in/disk"))
  }

  @Test func bytesThatAreNotASCIIAreEscaped() {
    #expect(TreeScan.escaped([0x61, 0xff, 0x25, 0x62, 0x0a]) == "a%FF%25b%0A")
  }
}
