import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What a provider lacks, in words, and the command that brings it. */
export interface MissingPiece {
  what: string
  mend: string
}

/** Where Linux distributions keep their libraries: Debian, Fedora and Arch, in this order. */
const LIBRARY_FOLDERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/lib/x86_64-linux-gnu',
  '/usr/lib64',
  '/lib64',
  '/usr/lib',
  '/usr/local/lib'
]

/** Where a Vulkan driver announces itself (Vulkan-Loader, docs/LoaderDriverInterface.md). */
const DRIVER_FOLDERS = ['/etc/vulkan/icd.d', '/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d']

/** What this machine has of the pieces that providers need. */
export interface Pieces {
  vulkanLoader: boolean
  /** Names of the Vulkan drivers' manifests. */
  vulkanDrivers: string[]
  cudaProvider: boolean
}

/** @param runtimeFolder where onnxruntime's package lies */
export function readPieces(runtimeFolder: string, environment: NodeJS.ProcessEnv = process.env): Pieces {
  const folders = [...(environment.LD_LIBRARY_PATH ?? '').split(':').filter((path) => path !== ''), ...LIBRARY_FOLDERS]
  const given = environment.VK_DRIVER_FILES ?? environment.VK_ICD_FILENAMES
  return {
    vulkanLoader: folders.some((folder) => existsSync(join(folder, 'libvulkan.so.1'))),
    vulkanDrivers: given?.split(':') ?? DRIVER_FOLDERS.flatMap(filesIn),
    cudaProvider: existsSync(
      join(runtimeFolder, 'bin', 'napi-v6', process.platform, process.arch, 'libonnxruntime_providers_cuda.so')
    )
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
}

/** What a provider that failed lacks here; null where nothing is known to be missing. Pure. */
export function missingPiece(
  provider: string,
  platform: string,
  { vulkanLoader, vulkanDrivers, cudaProvider }: Pieces,
  runtimeFolder: string
): MissingPiece | null {
  if (platform !== 'linux') return null
  if (provider === 'webgpu' && !vulkanLoader) {
    return { what: 'the Vulkan loader (libvulkan.so.1) is missing', mend: 'sudo apt-get install libvulkan1' }
  }
  if (provider === 'webgpu') {
    return {
      what:
        vulkanDrivers.length === 0
          ? 'the Vulkan loader is there, but no driver'
          : 'the Vulkan loader is there, but no driver whose graphics card can be used (too old?)',
      mend: 'sudo apt-get install mesa-vulkan-drivers   # AMD and Intel; for NVIDIA: nvidia-driver'
    }
  }
  if (provider === 'cuda' && !cudaProvider) {
    return {
      what: "onnxruntime's CUDA provider is not installed, since it is a download of its own",
      mend: `node ${quoted(join(runtimeFolder, 'script', 'install.js'))} --onnxruntime-node-install=cuda12`
    }
  }
  if (provider === 'cuda') {
    return {
      what: 'the CUDA provider is there, but not all of its libraries: CUDA 12 and cuDNN 9',
      mend: "sudo apt-get install cuda-libraries-12-9 libcudnn9-cuda-12   # from NVIDIA's repository"
    }
  }
  return null
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

/** Libraries of Vulkan drivers that compute on the processor. */
const SOFTWARE: readonly { library: RegExp; name: string }[] = [
  { library: /libvulkan_lvp\.so/, name: 'lavapipe' },
  { library: /libvk_swiftshader\.so/, name: 'SwiftShader' }
]
/** Libraries of Vulkan drivers, by the names that Mesa, NVIDIA, AMD and Google give them. */
const DRIVER = /lib(vulkan_\w+|vk_swiftshader|GLX_nvidia|nvidia-vulkan-producer|amdvlk\w*)\.so/g

/** What computes in software in the place of a GPU, where no other driver is loaded; else null. Pure. */
export function softwareDriver(maps: string): string | null {
  const loaded = [...new Set(maps.match(DRIVER) ?? [])]
  const names = loaded.map((library) => SOFTWARE.find((each) => each.library.test(library))?.name)
  return names.length > 0 && names.every((name) => name !== undefined) ? names.join(', ') : null
}

/** The same, of this process as it is now. The runtime does not give the adapter's name, but the kernel knows what is loaded. */
export function loadedSoftwareDriver(): string | null {
  try {
    return softwareDriver(readFileSync('/proc/self/maps', 'utf8'))
  } catch {
    // No Linux.
    return null
  }
}
