#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "accel/design_space.hpp"
#include "accel/layout.hpp"
#include "accel/resources.hpp"
#include "base/random.hpp"
#include "explore/gamma.hpp"

namespace autonba {

/// A design by its places in the tables. Chunks of a kind are numbered from 0.
struct TableDesign {
  static constexpr std::size_t chunks_most = 16;  // of a kind
  struct Place {
    std::uint32_t datapath = 0;
    std::uint32_t input = 0;  // depths, by place in the space's lists
    std::uint32_t weight = 0;
    std::uint32_t output = 0;
  };
  std::size_t batch = 0;                                   // place in the space's list
  std::array<std::size_t, 2> counts = {0, 0};              // of chunks, by kind
  std::array<std::array<Place, chunks_most>, 2> chunks{};  // by kind
  std::vector<std::uint8_t> chunk_of;                      // by layer, among the chunks of its kind
};

struct TableCost {
  bool fits = false;           // the platform
  bool runs = false;           // every layer runs on its chunk, with a tile that the buffers hold
  std::int64_t ii_cycles = 0;  // these two: of a batch, with the best mappings; where it runs
  std::int64_t latency_cycles = 0;
  Resources resources;  // of the chunks that have layers
};

/// The cycles that every layer of one network takes on every chunk of a design space with its best mapping, and what
/// chunks take, worked out beforehand: what a design costs is then looked up and added. The results are those of
/// Mapper and cost_of (feasible() and the cycles of feasible designs; nothing is imagined where a design does not run).
///
/// A datapath is a chunk without its buffer depths. For each shape and datapath, the tilings of explore/tilings.hpp
/// that are worth it are counted exactly, each enters its cycles at the least depths of the space that hold it, and
/// minima along the three depths in turn make each entry the best of all tilings that fit. Equal shapes share entries,
/// and datapaths that differ in their multipliers only.
class DesignTables {
 public:
  /// Throws InputError for an ASIC, whose chunks have an area, and WorkError if the tables would take more than
  /// `most_bytes`, or a layer takes 2³¹ cycles.
  DesignTables(const DesignSpace& space, std::span<const LayerShape> shapes, const Platform& platform, int threads,
               std::size_t most_bytes = std::size_t{1} << 30);

  /// Chunks of the kind that the tables hold, with every kind of multiplier.
  std::int64_t configurations(ChunkKind kind) const;
  std::size_t bytes() const;

  /// The number of each kind's chunks, chunks, batch and a chunk for every layer, all uniform (layers to within 2⁻¹⁶).
  /// A design may have chunks that cannot run their layers, or ports that are too wide together: then it is not
  /// feasible.
  void draw(TableDesign& design, Rng& rng) const;

  /// Asks the memory for what cost() will read. For several designs in turn before their costs.
  void fetch(const TableDesign& design) const;

  TableCost cost(const TableDesign& design) const;

  /// The design with its chunks, without picks.
  Design spelled_out(const TableDesign& design) const;

 private:
  struct Free {
    void operator()(std::int32_t* memory) const;
  };
  struct Datapath {
    Chunk chunk;              // depths 0
    std::uint32_t block = 0;  // of the table, shared by those that differ in mac only
    std::int32_t dsp = 0;
    std::array<std::int32_t, 2> ff = {0, 0};      // without and with residuals
    std::array<std::int32_t, 2> bram18 = {0, 0};  // of what has no depth to choose
    std::array<std::int32_t, 24> lut{};           // by residual, and which memories are made of LUTs
  };
  struct Kind {
    ChunkKind kind = ChunkKind::conv;
    int chunks_min = 1;
    int chunks_max = 1;
    std::array<std::vector<int>, 3> depths;  // input, weight, output
    std::vector<Datapath> datapaths;
    std::vector<Chunk> blocks;             // a datapath for each block of the table
    std::vector<LayerShape> shapes;        // distinct
    std::vector<std::size_t> layers;       // of the network
    std::vector<std::uint32_t> column_of;  // by layer of this kind
    std::vector<char> residual;            // by layer of this kind
    std::size_t row = 0;                   // entries of a chunk: one for each shape, padded to a cache line's half
    std::vector<std::int32_t> bram18;  // by datapath: inputs, weights, outputs, outputs with residuals; each by depth
    std::unique_ptr<std::int32_t[], Free> cycles;  // [batch][block][input][weight][output][shape]
    std::size_t cells() const { return depths[0].size() * depths[1].size() * depths[2].size(); }
  };
  void list_chunks(Kind& kind, const ChunkSpace& space) const;
  void list_resources(Kind& kind) const;
  const std::int32_t* row_of(const Kind& kind, std::size_t batch, const TableDesign::Place& place) const;
  Resources resources_of(const Kind& kind, const TableDesign::Place& place, bool residual) const;
  Chunk chunk_at(const Kind& kind, const TableDesign::Place& place) const;

  Platform platform_;
  std::vector<int> batches_;
  std::size_t layers_ = 0;
  std::array<Kind, 2> kinds_;
};

}  // namespace autonba
