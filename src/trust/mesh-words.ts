import { isHex } from './hex.ts'

/**
 * A mesh's id in words that a person can compare and say aloud. The lists are part of the format: a mesh keeps its words
 * for ever, so no word may be changed or moved. Each list has one word for each value of a byte, in alphabetical order,
 * and no two words of a list begin with the same four letters.
 */

const ADJECTIVES = `
  able active adept agile airy alert alpine amber ample ancient arctic ardent atomic autumn avid azure balmy basic
  beaming bold bonny brave breezy bright brisk broad bronze bubbly calm candid careful cedar charming cheerful
  chilly classic clean clever close cloudy cobalt cool copper coral cosmic cozy creamy crisp crystal curious curly
  daily dapper daring dazzling deep deft dewy distant double dreamy eager early earnest easy elastic elegant
  emerald endless epic equal even expert fair faithful famous fancy fast festive fine firm fleet fluent fluffy
  fond free fresh friendly frosty fuzzy gallant genial gentle giant gifted glad gleaming glossy golden good
  graceful grand grateful green gusty handy happy hardy hearty helpful high honest humble icy ideal indigo instant
  jade jaunty jazzy jolly jovial joyful jubilant keen kind lavender light lilac lively local lofty loyal lucid
  lucky lunar magic major marble mellow merry mighty mild mindful mint misty modest mossy musical mystic narrow
  neat nimble noble northern novel olive open orange orderly patient peaceful pearly placid pleasant plucky polar
  polite prime proud pure purple quaint quick quiet quilted radiant rapid ready regal robust rocky rosy round
  royal ruby rustic sandy sapphire scarlet serene sharp shiny silent silver simple sincere sleek smart smooth
  snowy solar solid sparkly speedy spirited spotted spry stable starry steady stellar strong sturdy subtle sudden
  sunny super sweet swift tall tangy teal tender thankful thrifty tidy timely tiny topaz tranquil true trusty
  turquoise twilight unique upbeat upper useful velvet verdant vibrant violet vital vivid warm wavy wide wild
  windy wise witty worthy zany zealous zesty
`
  .trim()
  .split(/\s+/)

const NOUNS = `
  acorn albatross alder alpaca anchor antelope apple apricot arrow aspen aster badger bamboo barley basil beacon
  bear bee beetle begonia bell bison blossom bluebird bobcat bonsai boulder breeze bridge buffalo bumblebee bunny
  butterfly cactus camel canary candle canoe caribou carrot catfish cello chamois cheetah chervil chestnut
  chinchilla chipmunk citrus cloud clover comet compass condor corgi cormorant coyote crane cricket crocus cuckoo
  cypress daffodil dahlia daisy deer delta dingo dogwood dolphin dove dragonfly duck eagle elk ember falcon fawn
  fern ferret fiddle finch firefly fjord flamingo forest fox frog garden garnet gazelle gecko geyser gibbon ginkgo
  giraffe glacier goat goose gopher grape grove hamster harbor hare hawk hazelnut heather hedgehog heron hickory
  honeybee hornbill horse ibex iris ivy jackal jaguar jasmine jay juniper kangaroo kestrel kingfisher kite kitten
  kiwi koala ladybug lagoon lake lantern lark lemon lemur leopard lily linden lion lizard llama lobster lotus
  lupine lynx macaw magnolia magpie mallard manatee mango mantis maple marigold marlin meadow meerkat merlin
  meteor mongoose moon moose moth mountain mulberry narwhal nautilus newt nightingale nutmeg oak oasis ocean
  ocelot octopus okapi opossum orchid oriole osprey ostrich otter owl oyster panda panther papaya parrot peach
  pebble pelican penguin peony pepper petrel pheasant pigeon pine planet plover pony poppy porpoise prairie puffin
  puma quail quartz rabbit raccoon rainbow raven reef reindeer river robin rooster rose salmon sandpiper seal
  sequoia shark sheep shell skylark sparrow squirrel starling sundew sunflower swan tapir tern thistle thrush
  tiger tortoise toucan trout tulip turtle valley wagtail walrus waterfall whale wheat willow wombat woodpecker
  wren yak zebra zinnia
`
  .trim()
  .split(/\s+/)

/** Two words of the first two bytes are enough to tell meshes nearby apart. */
const FACE_PAIRS = 1
/** 48 bits: who would make another mesh with the same six words has to try 2^48 keys. */
const FINGERPRINT_PAIRS = 3

/** The mesh's two words, for example `amber-otter`: its face, not a proof. @param mesh its id, 64 hexadecimal digits */
export function wordsOf(mesh: string): string {
  return pairs(mesh, FACE_PAIRS)
}

/**
 * Six words, for example `amber-otter brave-heron calm-lynx`: to be compared by people before an admission that came by
 * hand is believed. The first two are the mesh's words.
 */
export function fingerprintOf(mesh: string): string {
  return pairs(mesh, FINGERPRINT_PAIRS)
}

/** The two words as a number from 0 to 65,535: what an open door says of its mesh on the network. */
export function doorWords(mesh: string): number {
  const [adjective = 0, noun = 0] = bytesOf(mesh)
  return adjective * 256 + noun
}

/** The two words of that number. @throws {RangeError} when it is not a whole number from 0 to 65,535 */
export function wordsFromDoor(number: number): string {
  if (!Number.isInteger(number) || number < 0 || number > 0xffff) {
    throw new RangeError(`${String(number)} is not a whole number from 0 to 65535`)
  }
  return pair(number >> 8, number & 0xff)
}

function pairs(mesh: string, count: number): string {
  const bytes = bytesOf(mesh)
  return Array.from({ length: count }, (_, index) => pair(bytes[2 * index] ?? 0, bytes[2 * index + 1] ?? 0)).join(' ')
}

function pair(adjective: number, noun: number): string {
  return `${ADJECTIVES[adjective] ?? ''}-${NOUNS[noun] ?? ''}`
}

function bytesOf(mesh: string): Uint8Array {
  if (!isHex(mesh, 32)) throw new RangeError(`${JSON.stringify(mesh)} is no mesh id`)
  return Buffer.from(mesh, 'hex')
}
