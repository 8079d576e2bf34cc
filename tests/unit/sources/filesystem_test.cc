#include "sources/system/filesystem.h"

#include <gtest/gtest.h>

#include "support/fake_file_system.h"
#include "support/simulation.h"
#include "system_samples.h"

namespace tocsin::sources::system {
namespace {

class FakeProbe final : public MountProbe {
 public:
  async::Task<base::Result<MountFigures>> look(std::string path,
                                               base::MonotonicTime /*deadline*/) override {
    asked.push_back(path);
    if (path == dead) {
      co_return base::Error(base::ErrorCode::kTimeout, "dead");
    }
    co_return MountFigures{1000, 600, 500, 100, 50};
  }
  std::vector<std::string> asked;
  std::string dead;
};

struct Fixture {
  testing::Simulation simulation;
  testing::FakeFileSystem files;
  std::shared_ptr<FakeProbe> probe = std::make_shared<FakeProbe>();
  Output out;
  base::Status status;

  std::map<std::string, double> collect(Roots roots = {}) {
    const Host host(files, std::move(roots));
    FilesystemCollector collector({}, {probe, simulation.clock(), host, out});
    out.begin();
    const base::MonotonicTime deadline =
        simulation.clock().monotonic_now() + std::chrono::seconds(5);
    status = simulation.run(collector.collect(deadline));
    return by_text(out.take());
  }
};

TEST(Mounts, AreUnescaped) {
  const auto mounts = parse_mounts(
      "/dev/sda /var/with\\040blank\\011tab ext4 rw,relatime 0 0\n"
      "/dev/sdb /mnt\\134back xfs ro,noatime 0 0\n",
      "/");
  ASSERT_TRUE(mounts);
  ASSERT_EQ(mounts->size(), 2U);
  EXPECT_EQ((*mounts)[0].mount_point, "/var/with blank\ttab");
  EXPECT_FALSE((*mounts)[0].read_only);
  EXPECT_EQ((*mounts)[1].mount_point, "/mnt\\back");
  EXPECT_TRUE((*mounts)[1].read_only);
  EXPECT_FALSE(parse_mounts("/dev/sda /\n", "/"));
  EXPECT_TRUE(parse_mounts("", "/")->empty());
}

TEST(Mounts, LoseTheRootPrefix) {
  const auto mounts = parse_mounts(
      "a /host ext4 rw 0 0\nb /host/var ext4 rw 0 0\nc /hostile ext4 rw 0 0\n", "/host/");
  ASSERT_TRUE(mounts);
  EXPECT_EQ((*mounts)[0].mount_point, "/");
  EXPECT_EQ((*mounts)[1].mount_point, "/var");
  EXPECT_EQ((*mounts)[2].mount_point, "/hostile");
}

TEST(Filesystem, ReportsWhatIsNotExcluded) {
  Fixture test;
  test.files.write("/proc/1/mounts",
                   "/dev/vda / ext4 rw 0 0\n"
                   "proc /proc proc rw 0 0\n"
                   "overlay /data overlay rw 0 0\n"
                   "/dev/vdb /srv xfs ro 0 0\n"
                   "/dev/vdb /srv xfs ro 0 0\n");
  const auto values = test.collect();
  ASSERT_TRUE(test.status);
  EXPECT_EQ(test.probe->asked, (std::vector<std::string>{"/", "/srv"}));
  const std::string root = R"({device="/dev/vda", fstype="ext4", mountpoint="/"})";
  EXPECT_EQ(values.size(), 14U);
  EXPECT_EQ(values.at("node_filesystem_size_bytes" + root), 1000);
  EXPECT_EQ(values.at("node_filesystem_avail_bytes" + root), 500);
  EXPECT_EQ(values.at("node_filesystem_readonly" + root), 0);
  EXPECT_EQ(
      values.at(R"(node_filesystem_readonly{device="/dev/vdb", fstype="xfs", mountpoint="/srv"})"),
      1);
}

TEST(Filesystem, SaysThatAMountIsDeadAndGoesOn) {
  Fixture test;
  test.files.write("/proc/self/mounts", "nfs:/x /x nfs rw 0 0\n/dev/vda / ext4 rw 0 0\n");
  test.probe->dead = "/x";
  const auto values = test.collect();
  ASSERT_TRUE(test.status);
  EXPECT_EQ(
      values.at(R"(node_filesystem_device_error{device="nfs:/x", fstype="nfs", mountpoint="/x"})"),
      1);
  EXPECT_EQ(values.size(), 1U + 7U);
}

TEST(Filesystem, LooksBelowTheRootOfTheHost) {
  Fixture test;
  test.files.write("/host/proc/1/mounts", "/dev/vda /host ext4 rw 0 0\n");
  test.collect({.procfs = "/host/proc", .sysfs = "/host/sys", .rootfs = "/host"});
  EXPECT_EQ(test.probe->asked, std::vector<std::string>{"/host/"});
}

TEST(Filesystem, FailsWithoutMounts) {
  Fixture test;
  EXPECT_TRUE(test.collect().empty());
  EXPECT_FALSE(test.status);
}

}  // namespace
}  // namespace tocsin::sources::system
