import Archive
import CatalogStore
import Testing

@Suite struct MissingFilesTests {
  private let absent = [
    CatalogPlace(path: "/in/a.fits", device: 1), CatalogPlace(path: "/in/disk/b.fits", device: 2),
    CatalogPlace(path: "/in/shut/c.fits", device: 1),
  ]

  private func listing(_ devices: Set<Int64>, unreadable: [String] = []) -> TreeScan.Listing {
    var listing = TreeScan.Listing()
    listing.devices = devices
    listing.unreadable = unreadable
    return listing
  }

  @Test func onlyWhatLayOnADiskThatWasSeenIsGone() {
    let one = MissingFiles.judge(absent, listing([1], unreadable: ["/in/shut"]), folder: "/in")
    #expect(one.gone == ["/in/a.fits"] && one.outOfSight == 2)
    let both = MissingFiles.judge(absent, listing([1, 2]), folder: "/in")
    #expect(both.gone == absent.map(\.path) && both.outOfSight == 0)
  }

  @Test func aFolderThatIsAwayOrUnmountedSaysNothing() {
    let away = MissingFiles.judge(absent, listing([], unreadable: ["/in"]), folder: "/in")
    #expect(away.gone == [] && away.outOfSight == 3)
    // The empty folder under a mount point lies on another disk.
    let unmounted = MissingFiles.judge(absent, listing([7]), folder: "/in")
    #expect(unmounted.gone == [] && unmounted.outOfSight == 3)
  }

  @Test func bytesThatAreNotASCIIAreEscaped() {
    #expect(TreeScan.escaped([0x61, 0xff, 0x25, 0x62, 0x0a]) == "a%FF%25b%0A")
  }
}
