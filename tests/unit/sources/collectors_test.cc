#include "sources/system/collectors.h"

#include <gtest/gtest.h>

#include "support/fake_file_system.h"
#include "system_samples.h"

namespace tocsin::sources::system {
namespace {

using Values = std::map<std::string, double>;

struct Collected {
  base::Status status;
  Values values;
};

template <class Parse>
Collected parse(Parse function) {
  Output out;
  out.begin();
  auto status = function(out);
  return {std::move(status), by_text(out.take())};
}

Collected collect(const std::string& name, std::map<std::string, std::string> files) {
  const testing::FakeFileSystem system(std::move(files));
  const Host host(system, {});
  for (const auto& collector : file_collectors({})) {
    if (collector->name() == name) {
      return parse([&](Output& out) { return collector->collect(host, out); });
    }
  }
  return {base::Error(base::ErrorCode::kNotFound, "no such collector"), {}};
}

TEST(Figures, AreDecimalHexadecimalOrNothing) {
  EXPECT_EQ(parse_figure("12"), 12);
  EXPECT_EQ(parse_figure("-1"), -1);
  EXPECT_EQ(parse_figure("0x1303"), 4867);
  EXPECT_EQ(parse_figure("0.25"), 0.25);
  EXPECT_EQ(parse_figure("18446744073709551615"), 18446744073709551615.0);
  for (const char* text : {"", "-", "0x", "0xg", "12a", "1 2", "kB", "0x-1"}) {
    EXPECT_EQ(parse_figure(text), std::nullopt) << text;
  }
}

TEST(Cpu, GivesSecondsPerModeAndLeavesTheSumOut) {
  const auto got = collect("cpu", {{"/proc/stat",
                                    "cpu  1 2 3 4 5 6 7 8 9 10\n"
                                    "cpu0 100 200 300 400 500 600 700 800 50 60\n"
                                    "intr 1 2 3\n"}});
  ASSERT_TRUE(got.status);
  EXPECT_EQ(got.values.size(), 10U);
  EXPECT_EQ(got.values.at(R"(node_cpu_seconds_total{cpu="0", mode="iowait"})"), 5);
  EXPECT_EQ(got.values.at(R"(node_cpu_guest_seconds_total{cpu="0", mode="nice"})"), 0.6);
}

TEST(Cpu, ReadsOldKernelsAndRefusesGarbage) {
  EXPECT_EQ(collect("cpu", {{"/proc/stat", "cpu0 100 0 0 400\n"}}).values.size(), 10U);
  EXPECT_FALSE(collect("cpu", {{"/proc/stat", "cpu0 100 x 0 400\n"}}).status);
  EXPECT_FALSE(collect("cpu", {{"/proc/stat", "cpu0 100"}}).status);
  EXPECT_FALSE(collect("cpu", {}).status);
}

TEST(Cpu, NeverStepsBackButForAHotplug) {
  testing::FakeFileSystem system;
  const Host host(system, {});
  const auto collector = make_cpu_collector();
  const auto poll = [&](const std::string& line) {
    system.write("/proc/stat", line);
    return parse([&](Output& out) { return collector->collect(host, out); }).values;
  };
  const std::string idle = R"(node_cpu_seconds_total{cpu="3", mode="idle"})";
  const std::string user = R"(node_cpu_seconds_total{cpu="3", mode="user"})";
  EXPECT_EQ(poll("cpu3 500 0 0 1000 0 0 0 0 0 0\n").at(idle), 10);
  EXPECT_EQ(poll("cpu3 500 0 0 999 0 0 0 0 0 0\n").at(idle), 10);
  const auto restarted = poll("cpu3 7 0 0 5 0 0 0 0 0 0\n");
  EXPECT_EQ(restarted.at(idle), 0.05);
  EXPECT_EQ(restarted.at(user), 0.07);
}

TEST(Memory, NamesBytesByTheirUnit) {
  const auto got = parse([](Output& out) {
    return parse_meminfo("MemTotal: 8 kB\nActive(anon):  2 kB\nHugePages_Free: 3\n", out);
  });
  ASSERT_TRUE(got.status);
  EXPECT_EQ(got.values, (Values{{"node_memory_Active_anon_bytes", 2048},
                                {"node_memory_HugePages_Free", 3},
                                {"node_memory_MemTotal_bytes", 8192}}));
}

TEST(Memory, RefusesWhatIsCutOff) {
  for (const char* text : {"MemTotal:", "MemTotal 8 kB", "MemTotal: x kB"}) {
    EXPECT_FALSE(parse([&](Output& out) { return parse_meminfo(text, out); }).status) << text;
  }
}

TEST(Load, IsTheFirstThreeFigures) {
  const auto got =
      parse([](Output& out) { return parse_loadavg("0.21 0.37 12.39 1/719 19737\n", out); });
  EXPECT_EQ(got.values,
            (Values{{"node_load1", 0.21}, {"node_load5", 0.37}, {"node_load15", 12.39}}));
  EXPECT_FALSE(parse([](Output& out) { return parse_loadavg("0.21 0.37", out); }).status);
  EXPECT_FALSE(parse([](Output& out) { return parse_loadavg("", out); }).status);
}

TEST(Disk, ReadsEveryGenerationOfTheFile) {
  const auto got = collect("diskstats", {{"/proc/diskstats",
                                          "  8 0 sda 1 2 3 4000 5 6 7 8000 9 10 11\n"
                                          "  8 1 sda1 1 2 3 4 5 6 7 8 9 10 11\n"
                                          "  8 2 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"
                                          "  8 3 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"
                                          "  7 0 loop0 1 2 3 4 5 6 7 8 9 10 11\n"}});
  ASSERT_TRUE(got.status);
  EXPECT_EQ(got.values.size(), 11U + 15U + 17U);
  EXPECT_EQ(got.values.at(R"(node_disk_read_bytes_total{device="sda"})"), 1536);
  EXPECT_EQ(got.values.at(R"(node_disk_read_time_seconds_total{device="sda"})"), 4);
  EXPECT_EQ(got.values.at(R"(node_disk_flush_requests_total{device="vda"})"), 16);
}

TEST(Disk, RefusesACutLine) {
  EXPECT_FALSE(collect("diskstats", {{"/proc/diskstats", "8 0 sda 1 2 3\n"}}).status);
  EXPECT_FALSE(
      collect("diskstats", {{"/proc/diskstats", "8 0 sda 1 2 3 4 5 x 7 8 9 10 11\n"}}).status);
}

constexpr const char* kNetDevHead =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n";

TEST(NetDev, ReadsNamesThatTouchTheFigures) {
  const auto got =
      collect("netdev", {{"/proc/net/dev", std::string(kNetDevHead) +
                                               "    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
                                               "  eth0:10 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"},
                         {"/sys/class/net/eth0/statistics/rx_nohandler", "3\n"}});
  ASSERT_TRUE(got.status);
  EXPECT_EQ(got.values.size(), 17U);
  EXPECT_EQ(got.values.at(R"(node_network_receive_bytes_total{device="eth0"})"), 10);
  EXPECT_EQ(got.values.at(R"(node_network_transmit_carrier_total{device="eth0"})"), 15);
  EXPECT_EQ(got.values.at(R"(node_network_receive_nohandler_total{device="eth0"})"), 3);
}

TEST(NetDev, RefusesGarbage) {
  for (const char* line : {"eth0 1 2 3", "eth0: 1 2 3", "eth0: 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 x"}) {
    const auto got = collect("netdev", {{"/proc/net/dev", std::string(kNetDevHead) + line}});
    EXPECT_FALSE(got.status) << line;
  }
}

TEST(NetClass, LeavesOutWhatADownInterfaceDoesNotSay) {
  const auto got = collect("netclass", {{"/sys/class/net/bonding_masters", "bond0\n"},
                                        {"/sys/class/net/eth0/operstate", "up\n"},
                                        {"/sys/class/net/eth0/flags", "0x1003\n"},
                                        {"/sys/class/net/eth0/speed", "1000\n"},
                                        {"/sys/class/net/eth0/address", "02:00:00:00:00:01\n"},
                                        {"/sys/class/net/eth1/operstate", "down\n"}});
  ASSERT_TRUE(got.status);
  EXPECT_EQ(got.values, (Values{{R"(node_network_flags{device="eth0"})", 4099},
                                {R"(node_network_speed_bytes{device="eth0"})", 125e6},
                                {R"(node_network_up{device="eth0"})", 1},
                                {R"(node_network_up{device="eth1"})", 0},
                                {R"(node_network_info{address="02:00:00:00:00:01", device="eth0", )"
                                 R"(operstate="up"})",
                                 1},
                                {R"(node_network_info{device="eth1", operstate="down"})", 1}}));
}

TEST(Pressure, TakesTotalsInSeconds) {
  const auto got = collect(
      "pressure",
      {{"/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n"},
       {"/proc/pressure/io",
        "some avg10=0 avg60=0 avg300=0 total=1\nfull avg10=0 avg60=0 avg300=0 total=2000000"}});
  ASSERT_TRUE(got.status);
  EXPECT_EQ(got.values, (Values{{"node_pressure_cpu_waiting_seconds_total", 2.5},
                                {"node_pressure_io_waiting_seconds_total", 1e-6},
                                {"node_pressure_io_stalled_seconds_total", 2}}));
}

TEST(Pressure, SaysWhenThereIsNoneOrAFaultyOne) {
  EXPECT_FALSE(collect("pressure", {}).status);
  EXPECT_FALSE(collect("pressure", {{"/proc/pressure/cpu", "some avg10=0.00"}}).status);
}

TEST(Stat, ReadsTheSingleFigures) {
  const auto got = parse([](Output& out) {
    return parse_stat(
        "cpu 1 2\nintr 99 1 2 3\nctxt 5\nbtime 1700000000\nprocesses 7\nprocs_running 2\n"
        "procs_blocked 1",
        out);
  });
  ASSERT_TRUE(got.status);
  EXPECT_EQ(got.values, (Values{{"node_intr_total", 99},
                                {"node_context_switches_total", 5},
                                {"node_boot_time_seconds", 1.7e9},
                                {"node_forks_total", 7},
                                {"node_procs_running", 2},
                                {"node_procs_blocked", 1}}));
  EXPECT_FALSE(parse([](Output& out) { return parse_stat("ctxt", out); }).status);
  EXPECT_FALSE(parse([](Output& out) { return parse_stat("ctxt \n", out); }).status);
}

TEST(VmStat, KeepsTheDefaultFieldsOnly) {
  const auto got = parse([](Output& out) {
    return parse_vmstat(
        "nr_free_pages 1\npgpgin 2\npswpout 3\npgmajfault 4\noom_kill 5\npgfree 6\n", out);
  });
  EXPECT_EQ(got.values, (Values{{"node_vmstat_pgpgin", 2},
                                {"node_vmstat_pswpout", 3},
                                {"node_vmstat_pgmajfault", 4},
                                {"node_vmstat_oom_kill", 5}}));
  EXPECT_FALSE(parse([](Output& out) { return parse_vmstat("pgpgin", out); }).status);
}

TEST(FileDescriptors, AreTheFirstAndTheThirdFigure) {
  const auto got = parse([](Output& out) { return parse_filefd("1024\t0\t1631329\n", out); });
  EXPECT_EQ(got.values,
            (Values{{"node_filefd_allocated", 1024}, {"node_filefd_maximum", 1631329}}));
  EXPECT_FALSE(parse([](Output& out) { return parse_filefd("1024 0", out); }).status);
}

TEST(SockStat, TurnsPagesIntoBytes) {
  const auto got = parse([](Output& out) {
    return parse_sockstat("sockets: used 3\nTCP: inuse 4 mem 2\n", 4096, out);
  });
  EXPECT_EQ(got.values, (Values{{"node_sockstat_sockets_used", 3},
                                {"node_sockstat_TCP_inuse", 4},
                                {"node_sockstat_TCP_mem", 2},
                                {"node_sockstat_TCP_mem_bytes", 8192}}));
  for (const char* text : {"TCP: inuse", "TCP inuse 4", "TCP: inuse x"}) {
    EXPECT_FALSE(parse([&](Output& out) { return parse_sockstat(text, 4096, out); }).status);
  }
}

TEST(NetStat, PairsNamesWithNumbers) {
  const auto got =
      collect("netstat",
              {{"/proc/net/netstat", "TcpExt: SyncookiesSent Other ListenDrops\nTcpExt: 1 2 3\n"},
               {"/proc/net/snmp", "Tcp: ActiveOpens InErrs\nTcp: 4 5\n"},
               {"/proc/net/snmp6", "Ip6InOctets  6\nIp6Other 7\n"}});
  ASSERT_TRUE(got.status);
  EXPECT_EQ(got.values, (Values{{"node_netstat_TcpExt_SyncookiesSent", 1},
                                {"node_netstat_TcpExt_ListenDrops", 3},
                                {"node_netstat_Tcp_ActiveOpens", 4},
                                {"node_netstat_Tcp_InErrs", 5},
                                {"node_netstat_Ip6_InOctets", 6}}));
}

TEST(NetStat, RefusesLinesThatDoNotMatch) {
  for (const char* text : {"Tcp: A B\nTcp: 1\n", "Tcp: A\nUdp: 1\n", "Tcp: InErrs\nTcp: x\n"}) {
    const auto got = collect("netstat", {{"/proc/net/netstat", ""}, {"/proc/net/snmp", text}});
    EXPECT_FALSE(got.status) << text;
  }
}

TEST(Single, FilesHoldOneNumber) {
  EXPECT_EQ(collect("entropy", {{"/proc/sys/kernel/random/entropy_avail", "256\n"},
                                {"/proc/sys/kernel/random/poolsize", "256\n"}})
                .values.size(),
            2U);
  EXPECT_FALSE(collect("entropy", {{"/proc/sys/kernel/random/entropy_avail", ""}}).status);
  EXPECT_FALSE(collect("conntrack", {}).status);
}

}  // namespace
}  // namespace tocsin::sources::system
