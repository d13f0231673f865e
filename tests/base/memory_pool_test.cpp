#include "base/memory_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/random.hpp"

namespace autonba {
namespace {

constexpr std::size_t mb = std::size_t{1} << 20;

/// A piece of the pool, every byte of which holds `mark`.
struct Piece {
  unsigned char* memory = nullptr;
  std::size_t size = 0;
  unsigned char mark = 0;
};

Piece take(MemoryPool& pool, std::size_t size, unsigned char mark) {
  Piece piece{static_cast<unsigned char*>(pool.allocate(size)), size, mark};
  std::memset(piece.memory, mark, size);
  return piece;
}

bool is_untouched(const Piece& piece) {
  return std::all_of(piece.memory, piece.memory + piece.size, [&](unsigned char byte) { return byte == piece.mark; });
}

/// 1 byte to 1 MiB, small ones as often as large ones.
std::size_t random_size(Rng& rng) {
  return 1 + uniform_index(rng, std::uint64_t{1} << (1 + uniform_index(rng, 20)));
}

/// Pieces come and go in random order; none may lie on another.
void use_at_random(MemoryPool& pool, Rng& rng, int times) {
  std::vector<Piece> pieces;
  for (int i = 0; i < times; ++i) {
    if (pieces.empty() || (pieces.size() < 60 && uniform_index(rng, 2) == 0)) {
      pieces.push_back(take(pool, random_size(rng), static_cast<unsigned char>(uniform_index(rng, 256))));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(pieces.back().memory) % 64, 0U);
    } else {
      std::swap(pieces[uniform_index(rng, pieces.size())], pieces.back());
      ASSERT_TRUE(is_untouched(pieces.back()));
      pool.free(pieces.back().memory);
      pieces.pop_back();
    }
  }
  for (const Piece& piece : pieces) {
    ASSERT_TRUE(is_untouched(piece));
    pool.free(piece.memory);
  }
}

TEST(MemoryPool, NoPieceLiesOnAnother) {
  MemoryPool pool(256 * mb);
  Rng rng = make_rng(1, "memory pool");
  use_at_random(pool, rng, 5000);
  EXPECT_EQ(pool.statistics().in_use, 0);
  EXPECT_LE(pool.statistics().peak, pool.statistics().held);
}

TEST(MemoryPool, WhatIsFreedIsUsedAgain) {
  MemoryPool pool(256 * mb);
  const auto use = [&] {
    Rng rng = make_rng(2, "memory pool");
    use_at_random(pool, rng, 500);
  };
  use();
  const std::int64_t growths = pool.statistics().growths;
  for (int i = 0; i < 20; ++i) {
    use();
  }
  EXPECT_EQ(pool.statistics().growths, growths);
}

TEST(MemoryPool, FreeNeighboursAreOneBlock) {
  MemoryPool pool(64 * mb);
  std::vector<void*> pieces;
  for (int i = 0; i < 64; ++i) {
    pieces.push_back(pool.allocate(mb));
  }
  EXPECT_EQ(pool.statistics().held, static_cast<std::int64_t>(64 * mb));
  EXPECT_THROW(pool.allocate(mb), WorkError);
  for (const int first : {0, 1, 2}) {  // so that some are freed between two free ones, some before or behind one
    for (std::size_t i = static_cast<std::size_t>(first); i < pieces.size(); i += 3) {
      pool.free(pieces[i]);
    }
  }
  pool.free(pool.allocate(64 * mb));
}

TEST(MemoryPool, StatisticsCountWhatIsHandedOut) {
  MemoryPool pool(64 * mb);
  EXPECT_EQ(pool.statistics().held, 0);
  void* large = pool.allocate(10 * mb);
  void* small = pool.allocate(65);
  EXPECT_EQ(pool.statistics().in_use, static_cast<std::int64_t>(10 * mb + 128));
  pool.free(large);
  EXPECT_EQ(pool.statistics().in_use, 128);
  EXPECT_EQ(pool.statistics().peak, static_cast<std::int64_t>(10 * mb + 128));
  EXPECT_EQ(pool.statistics().growths, 1);
  pool.free(small);
  pool.free(nullptr);
  EXPECT_EQ(pool.statistics().in_use, 0);
}

TEST(MemoryPool, BeyondTheLimitIsASentenceAndChangesNothing) {
  MemoryPool pool(8 * mb);
  void* piece = pool.allocate(6 * mb);
  try {
    pool.allocate(4 * mb);
    FAIL();
  } catch (const WorkError& error) {
    EXPECT_NE(std::string(error.what()).find("8 MB is the limit"), std::string::npos) << error.what();
  }
  EXPECT_THROW(pool.allocate(std::size_t{1} << 62), WorkError);
  pool.free(pool.allocate(2 * mb));
  pool.free(piece);
  EXPECT_EQ(pool.statistics().in_use, 0);
}

TEST(MemoryPool, ServesSeveralThreads) {
  MemoryPool pool(512 * mb);
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 4; ++i) {
    threads.emplace_back([&pool, i] {
      Rng rng = make_rng(i, "memory pool");
      use_at_random(pool, rng, 500);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(pool.statistics().in_use, 0);
}

}  // namespace
}  // namespace autonba
