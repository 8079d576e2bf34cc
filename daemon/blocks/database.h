#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tocsin::blocks {

/// A prepared statement: bind from 1, then step. Blobs that it hands out live until the next step.
/// Must not outlive its database. Failures are remembered: look at status() after the last step.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql);

  Statement& bind(std::uint64_t value);
  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view blob);
  /// Whether there is a row. False at the end and after a failure.
  bool step();
  /// Runs to the end.
  base::Status run();
  const base::Status& status() const { return status_; }

  std::int64_t number(int column) const;
  std::uint64_t unsigned_number(int column) const;
  std::string_view blob(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  void note(int code);

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int next_ = 1;
  base::Status status_;
};

/// An SQLite file that belongs to this process alone, in write-ahead mode: what was committed is
/// there after `kill -9`; a power cut may take the last commits along, but tears nothing. One
/// thread at a time.
class Database {
 public:
  /// kCorrupt when it is no database or damaged, kUnavailable when another process has it.
  static base::Result<Database> open(const std::string& path);

  Statement prepare(const char* sql) const { return {handle_.get(), sql}; }
  base::Status execute(const char* sql) const;
  /// Runs `change` within a transaction; all of it happens or none.
  template <class F>
  base::Status transaction(F change) {
    if (base::Status begun = execute("begin immediate"); !begun) {
      return begun;
    }
    base::Status changed = change();
    if (changed) {
      changed = execute("commit");
    }
    if (!changed) {
      roll_back();
    }
    return changed;
  }
  std::uint64_t last_row() const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  void roll_back() const;

  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace tocsin::blocks
